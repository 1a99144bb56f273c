import DPPAKernels
import DPPASupport

/// A LoRA adapter of PEFT: the differences to its base, computed from low-rank factors where they are read.
///
/// Linear and embedding modules, stacks of experts, rsLoRA, alphas by pattern, DoRA on linears, biases, and modules that were saved
/// whole. The factors are multiplied in float32, and the difference is rounded nowhere before it is used.
package enum AdapterModel: ModelFormat {
    package static let fileExtensions: [String] = []
    private static let config = "adapter_config.json"
    /// The names of its weights, in the order in which PEFT looks for them.
    private static let files = ["adapter_model.safetensors", "adapter_model.bin"]

    package static func recognises(_ place: ModelPlace) -> Bool {
        place.names?.contains(config) == true && file(place) != nil && place.names?.contains("config.json") == false
    }

    private static func file(_ place: ModelPlace) -> String? { files.first { place.names?.contains($0) == true } }

    package static func open(_ place: ModelPlace, base: OpenModel?) throws -> ModelContents {
        let config = try AdapterConfig(place.path + "/" + config)
        guard let base, let name = file(place) else {
            throw DPPAError(
                .data,
                "\(place.path) is an adapter, which needs its base\(config.baseName.map { ", \($0.shown)" } ?? "")",
                notes: ["open the base first, or name both: base+adapter"])
        }
        let path = place.path + "/" + name
        var (stored, notices): ([(name: String, source: any TensorSource)], [String]) = ([], [])
        if name.hasSuffix(".bin") {
            let file = try PyTorchFile(path)
            (stored, notices) = (file.tensors.map { ($0.name, $0.source) }, file.notices)
        } else {
            stored = try SafetensorsFile(path).tensors.map { ($0.name, $0) }
        }
        var reader = AdapterReader(config, base, path, stored)
        try reader.read()
        return ModelContents(reader.tensors, space: .delta, files: [path], notices: notices)
    }
}

/// The tensors of an adapter, put together to differences.
struct AdapterReader {
    let config: AdapterConfig
    let base: OpenModel
    let file: String
    var tensors: [(name: String, source: any TensorSource)] = []
    /// What is still to be taken, by name without what PEFT puts into it.
    private var left: [String: any TensorSource] = [:]
    let cache = FactorCache()
    /// Factors of which an expert has a part.
    let wholes = FactorCache()
    /// The base's tensors by what wrappers leave of their names.
    private let cores: [String: TensorFacts]

    init(
        _ config: AdapterConfig, _ base: OpenModel, _ file: String, _ stored: [(name: String, source: any TensorSource)]
    ) {
        (self.config, self.base, self.file) = (config, base, file)
        let groups = Dictionary(grouping: base.weights) { NameMatching.core($0.name) }
        cores = groups.compactMapValues { $0.count == 1 ? $0[0] : nil }
        left = Dictionary(stored.map { (Self.plain($0.name), $0.source) }, uniquingKeysWith: { first, _ in first })
    }

    /// `base_model.model.PATH.lora_A.default.weight` is `PATH.lora_A`.
    private static func plain(_ name: String) -> String {
        var name = name.hasPrefix("base_model.model.") ? String(name.dropFirst("base_model.model.".count)) : name
        for word in ["lora_A", "lora_B", "lora_embedding_A", "lora_embedding_B", "lora_magnitude_vector"] {
            guard let mark = name.range(of: "." + word, options: .backwards) else { continue }
            let rest = name[mark.upperBound...].split(separator: ".")
            if rest.last != "bias" { return String(name[..<mark.upperBound]) }
        }
        for word in [".modules_to_save.default", ".base_layer"] {
            if let mark = name.range(of: word) { name.removeSubrange(mark) }
        }
        return name
    }

    /// The base's tensor of a name, under whatever wrappers.
    func target(_ name: String) throws -> (facts: TensorFacts, source: any TensorSource) {
        let facts = base[name]?.facts ?? cores[NameMatching.core(name)]
        guard let facts, let source = base.source(facts.name) else {
            throw DPPAError(
                .data, "\(file) changes \(name.shown), which \(base.title) does not have",
                notes: ["name the base that the adapter was trained on\(config.baseName.map { ": \($0.shown)" } ?? "")"]
            )
        }
        return (facts, source)
    }

    mutating func read() throws {
        for name in left.keys.sorted() where name.hasSuffix(".lora_A") && left[name] != nil {
            let path = String(name.dropLast(7))
            if let module = wrappedModule(path) { try parameters(of: module) } else { try linear(path) }
        }
        for name in left.keys.sorted() where name.hasSuffix(".lora_embedding_A") {
            try embedding(String(name.dropLast(17)))
        }
        for name in left.keys.sorted() where name.hasSuffix(Self.rows) {
            try tokenRows(String(name.dropLast(Self.rows.count)))
        }
        for name in left.keys.sorted() {
            guard let own = left[name], name.hasSuffix(".weight") || name.hasSuffix(".bias"), !name.contains(".lora_")
            else {
                throw DPPAError(
                    .data, "\(file): \(name.shown) is not read",
                    notes: ["merge the adapter into its base with peft first"])
            }
            let (facts, source) = try target(name)
            try require(own.shape, facts, name)
            let difference = SumSource.difference(own, source)
            guard let place = tensors.firstIndex(where: { $0.name == facts.name }) else {
                tensors.append((facts.name, difference))
                continue
            }
            // What was adapted and saved whole is what the factors are added to.
            guard try !own.hasBytes(of: source) else { continue }
            tensors[place].source = SumSource.sum(difference, tensors[place].source)
        }
    }

    mutating func take(_ name: String) -> (any TensorSource)? { left.removeValue(forKey: name) }

    private mutating func linear(_ module: String) throws {
        guard let a = take(module + ".lora_A"), let b = take(module + ".lora_B") else { throw lacks(module) }
        let (facts, source) = try target(module + ".weight")
        let (down, up) = (
            Factor(source: a, isTransposed: config.isTransposed), Factor(source: b, isTransposed: config.isTransposed)
        )
        let change = try product(
            facts, config.isTransposed ? down : up, config.isTransposed ? up : down, module: module,
            rank: a.shape.first ?? 0)
        guard let magnitude = take(module + ".lora_magnitude_vector") else {
            guard !config.hasMagnitudes else {
                throw DPPAError(.data, "\(file): \(module.shown) has no lora_magnitude_vector, though use_dora is true")
            }
            return tensors.append((facts.name, change))
        }
        guard !config.isTransposed, facts.shape.count == 2, magnitude.shape.reduce(1, *) == facts.shape[0] else {
            throw DPPAError(
                .data, "\(file): the magnitudes of \(module.shown) are not read",
                notes: ["merge the adapter into its base with peft first"])
        }
        tensors.append((facts.name, MagnitudeSource(change: change, base: source, magnitude: magnitude)))
    }

    private mutating func embedding(_ module: String) throws {
        guard let a = take(module + ".lora_embedding_A"), let b = take(module + ".lora_embedding_B") else {
            throw lacks(module)
        }
        guard take(module + ".lora_magnitude_vector") == nil else {
            throw DPPAError(
                .data, "\(file): the magnitudes of \(module.shown) are not read",
                notes: ["merge the adapter into its base with peft first"])
        }
        let (facts, _) = try target(module + ".weight")
        tensors.append(
            (
                facts.name,
                try product(
                    facts, Factor(source: a, isTransposed: true), Factor(source: b, isTransposed: true), module: module,
                    rank: a.shape.first ?? 0)
            ))
    }

    /// What PEFT keeps the rows of trained tokens under.
    private static let rows = ".token_adapter.trainable_tokens_delta"

    /// Rows of an embedding that take the place of the base's, whatever their name says.
    ///
    /// Where config.json makes the head the embedding, a head that is stored as well gets them too, as PEFT ties it.
    private mutating func tokenRows(_ module: String) throws {
        guard let values = take(module + Self.rows) else { return }
        let (facts, source) = try target(module + ".weight")
        guard let rows = config.rows(of: module), Set(rows).count == rows.count, facts.shape.count == 2,
            values.shape == [rows.count, facts.shape[1]], rows.allSatisfy((0..<facts.shape[0]).contains)
        else {
            throw DPPAError(
                .data,
                "\(file): trainable_token_indices does not fit \(module.shown): its rows are \(values.shape), and \(facts.name.shown) "
                    + "of \(base.title) is \(facts.shape)", notes: ["name the base that the adapter was trained on"])
        }
        guard !tensors.contains(where: { $0.name == facts.name }) else {
            throw DPPAError(
                .data, "\(file): \(module.shown) has rows of tokens and factors besides, which is not read",
                notes: ["merge the adapter into its base with peft first"])
        }
        tensors.append((facts.name, TokenRowsSource(rows, values, base: source)))
        let ends = TiedHead(base)
        guard ends.declared == true, facts.name == ends.embedding?.name, let head = ends.head,
            head.shape == facts.shape, let own = base.source(head.name), left[head.name] == nil
        else { return }
        tensors.append((head.name, TokenRowsSource(rows, values, base: own)))
    }

    private func product(
        _ facts: TensorFacts, _ left: Factor, _ right: Factor, module: String, rank: Int
    ) throws -> LowRankSource {
        guard rank > 0, left.columns == rank, right.rows == rank, facts.shape.first == left.rows,
            facts.numel == left.rows * right.columns
        else {
            throw DPPAError(
                .data,
                "\(file): the factors of \(module.shown) are \(left.rows) × \(left.columns) and \(right.rows) × \(right.columns); "
                    + "\(facts.name.shown) of \(base.title) is \(facts.shape)",
                notes: ["name the base that the adapter was trained on"])
        }
        return LowRankSource(
            name: facts.name, shape: facts.shape, left: left, right: right, scale: config.scale(module, rank: rank),
            cache: cache)
    }

    private func require(_ shape: [Int], _ facts: TensorFacts, _ name: String) throws {
        guard shape != facts.shape else { return }
        throw DPPAError(
            .data, "\(file): \(name.shown) is \(shape), and \(facts.name.shown) of \(base.title) is \(facts.shape)",
            notes: ["give the base a vocabulary of that size first, or merge the adapter into its base with peft"])
    }

    private func lacks(_ module: String) -> DPPAError {
        DPPAError(
            .data, "\(file) has one factor of \(module.shown) without the other", notes: ["copy or download it again"])
    }
}
