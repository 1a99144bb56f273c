import DPPASupport

/// The metadata of a GGUF model, asked by what keys are called behind the architecture's name.
struct GGUFMetadata {
    let path: String
    let architecture: String
    private let values: [String: GGUFValue]

    /// Throws `data` when it is not that of a language model's weights.
    init(_ header: GGUFHeader) throws {
        (path, values) = (header.path, header.metadata)
        if case .text(let type)? = values["general.type"], type != "model" {
            let advice =
                type == "adapter"
                ? "name the adapter in the form of peft: adapter_config.json and adapter_model.safetensors"
                : "name the file of the model itself"
            throw DPPAError(.data, "\(path) holds no model but what it calls '\(type.shown)'", notes: [advice])
        }
        guard case .text(let name)? = values["general.architecture"] else {
            throw GGUFHeader.damage(path, "it has no general.architecture")
        }
        architecture = name
    }

    /// The error for an architecture whose names and metadata are not known.
    var refusal: DPPAError {
        DPPAError(
            .data, "\(path) is a GGUF file of the architecture '\(architecture.shown)', which is not read",
            notes: [
                "read are \(GGUFFamily.architectures.joined(separator: ", "))",
                "merge the safetensors model that it was made from",
            ])
    }

    /// Whether there is a value of the architecture.
    func has(_ key: String) -> Bool { values["\(architecture).\(key)"] != nil }

    /// Whether the model's name has a word in it, whatever the case.
    func isCalled(_ word: String) -> Bool {
        ["general.basename", "general.name"].contains { key in
            if case .text(let name)? = values[key] { name.lowercased().contains(word) } else { false }
        }
    }

    /// A whole number of the architecture; of a list with one for each block, the one that all have.
    func integer(_ key: String) throws -> Int {
        let key = "\(architecture).\(key)"
        switch values[key] {
        case .integer(let number)?: return try positive(number, key)
        case .list(let list)?:
            guard let first = list.first, case .integer(let number) = first, list.allSatisfy({ $0 == first }) else {
                throw DPPAError(
                    .data, "\(path): \(key.shown) differs between blocks, which config.json cannot say",
                    notes: ["merge the safetensors model that it was made from"])
            }
            return try positive(number, key)
        case let other: throw wrong(key, other, "a whole number")
        }
    }

    private func positive(_ number: Int, _ key: String) throws -> Int {
        guard (0...1 << 40).contains(number) else {
            throw GGUFHeader.damage(path, "\(key.shown) is \(number)")
        }
        return number
    }

    /// A whole number, if it is there.
    func integer(ifThere key: String) throws -> Int? { has(key) ? try integer(key) : nil }

    /// A number, if it is there.
    func number(_ key: String) throws -> Double? {
        let key = "\(architecture).\(key)"
        switch values[key] {
        case nil: return nil
        case .number(let number)? where number.isFinite: return number
        case .integer(let number)?: return Double(number)
        case let other: throw wrong(key, other, "a number")
        }
    }

    /// A text, if it is there.
    func text(_ key: String) throws -> String? {
        let key = "\(architecture).\(key)"
        switch values[key] {
        case nil: return nil
        case .text(let text)?: return text
        case let other: throw wrong(key, other, "a text")
        }
    }

    /// The id of a token, if it is there.
    func token(_ name: String) throws -> Int? {
        let key = "tokenizer.ggml.\(name)_token_id"
        switch values[key] {
        case nil: return nil
        case .integer(let id)?: return id
        case let other: throw wrong(key, other, "a whole number")
        }
    }

    private func wrong(_ key: String, _ value: GGUFValue?, _ expected: String) -> DPPAError {
        guard let value else {
            return DPPAError(
                .data, "\(path): its metadata has no \(key.shown)",
                notes: ["put the config.json of the model that it was made from beside it, in a folder of their own"])
        }
        return GGUFHeader.damage(path, "\(key.shown) is \(value.description); \(expected) is expected")
    }
}
