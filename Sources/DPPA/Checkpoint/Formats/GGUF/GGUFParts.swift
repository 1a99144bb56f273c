import DPPASupport
import SystemPackage

/// The files of one GGUF model: one, or parts `NAME-00001-of-00003.gguf`.
struct GGUFParts {
    /// The paths in the order of the parts.
    let paths: [String]
    /// What was left aside, in words.
    private(set) var notices: [String] = []
    private let isSplit: Bool

    /// The files at a place: all parts of the one that is named, or the one model of a folder.
    ///
    /// Throws `data` when a folder has several models, and `missingInput` when a part is not there.
    init(_ place: ModelPlace) throws {
        guard let names = place.names else {
            let path = FilePath(place.path)
            let folder = path.removingLastComponent().string
            let name = path.lastComponent?.string ?? place.path
            guard let part = Part(name) else {
                (paths, isSplit) = ([place.path], false)
                return
            }
            let prefix = place.path.hasSuffix(name) ? String(place.path.dropLast(name.count)) : folder + "/"
            (paths, isSplit) = (try Self.parts(part, prefix), true)
            return
        }
        let all = names.filter { $0.hasSuffix(".gguf") }
        // Beside a model of text and pictures lies the part that sees.
        let projectors = all.filter { $0.lowercased().hasPrefix("mmproj") }
        let files = all.count > projectors.count ? all.filter { !projectors.contains($0) } : all
        if files.count < all.count {
            notices = ["\(place.path): \(Phrase.list(projectors.map(\.shown))) was left aside: it is no language model"]
        }
        let parts = files.map(Part.init)
        if files.count == 1, parts[0] == nil {
            (paths, isSplit) = ([place.path + "/" + files[0]], false)
        } else if let part = parts[0], parts.allSatisfy({ $0?.stem == part.stem && $0?.count == part.count }) {
            (paths, isSplit) = (try Self.parts(part, place.path + "/"), true)
        } else {
            throw DPPAError(
                .data, "\(place.path) has \(files.count) GGUF files: \(Phrase.list(files.map(\.shown)))",
                notes: ["name the one you mean: \(place.path)/\(files[0].shown)"])
        }
    }

    private static func parts(_ part: Part, _ prefix: String) throws -> [String] {
        try (1...part.count).map { number in
            let path = prefix + part.name(number)
            guard FileDescriptor.isEntry(path) else {
                throw DPPAError(
                    .missingInput, "\(path.shown) is missing: the model is in \(part.count) parts",
                    notes: ["copy or download it again"])
            }
            return path
        }
    }

    /// Checks what a part says of itself.
    func check(_ header: GGUFHeader, _ number: Int) throws {
        let (own, count) = (header.metadata["split.no"], header.metadata["split.count"])
        guard isSplit else {
            guard count == nil || count == .integer(0) || count == .integer(1) else {
                throw DPPAError(
                    .data, "\(header.path) is part of a model, by its split.count; its name does not say which",
                    notes: ["give the parts the names that they had: NAME-00001-of-00003.gguf"])
            }
            return
        }
        guard own == .integer(number), count == .integer(paths.count) else {
            throw DPPAError(
                .data,
                "\(header.path) says that it is part \(Self.shown(own)) of \(Self.shown(count)), counted from 0; by its name it "
                    + "is \(number) of \(paths.count)",
                notes: ["the files are of different models, or were renamed: copy or download them again"])
        }
    }

    private static func shown(_ value: GGUFValue?) -> String {
        if case .integer(let number)? = value { "\(number)" } else { value?.description ?? "?" }
    }

    /// Checks how many tensors all parts have.
    func check(_ first: GGUFHeader, tensors: Int) throws {
        guard isSplit, case .integer(let expected)? = first.metadata["split.tensors.count"], expected != tensors else {
            return
        }
        throw DPPAError(
            .data, "\(first.path) says that all parts have \(expected) tensors; they have \(tensors)",
            notes: ["the files are of different models: copy or download them again"])
    }

    /// The name of a part.
    private struct Part {
        var stem: String
        var count: Int

        /// The parts of `NAME-00001-of-00003.gguf`; nil for another name.
        init?(_ name: String) {
            let words = name.dropLast(5).split(separator: "-", omittingEmptySubsequences: false)
            guard name.hasSuffix(".gguf"), words.count >= 4, words[words.count - 2] == "of",
                let number = Self.number(words[words.count - 3]), let count = Self.number(words[words.count - 1]),
                (1...count).contains(number)
            else { return nil }
            (stem, self.count) = (words.dropLast(3).joined(separator: "-"), count)
        }

        private static func number(_ word: Substring) -> Int? {
            guard word.utf8.count == 5, word.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(word) else {
                return nil
            }
            return number > 0 ? number : nil
        }

        func name(_ number: Int) -> String {
            "\(stem)-\(CheckpointWriter.padded(number))-of-\(CheckpointWriter.padded(count)).gguf"
        }
    }
}
