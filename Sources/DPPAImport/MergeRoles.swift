import DPPASupport

/// What the models of a merge are to its method: in every slice a base, if it has one, and the others in their order.
struct MergeRoles {
    /// One model of one slice.
    struct Part {
        var model: MergekitModel
        var layers: Range<Int>?
        /// The parameters that the slice says of it; none for a base that is not listed.
        var parameters: [MergeParameter]
    }

    /// The base in each slice; empty where the method takes none.
    var base: [Part] = []
    /// The others in each slice.
    var others: [[Part]] = []

    /// Sorts the models of a merge.
    ///
    /// Throws when there are not as many as the method takes, or not as many in every slice.
    init(_ file: MergeFile) throws {
        for slice in file.slices {
            var parts = slice.sources.map { Part(model: $0.model, layers: $0.layers, parameters: $0.parameters) }
            let base = slice.base ?? file.base
            if let twice = slice.sources.indices.first(where: { index in
                slice.sources[..<index].contains { $0.model == slice.sources[index].model }
            }) {
                throw Self.mistake(
                    "\(slice.sources[twice].model.reference.shown) is listed twice", slice.sources[twice].place)
            }
            let lengths = Set(slice.sources.compactMap { $0.layers?.count })
            guard lengths.count < 2 else {
                throw Self.mistake("the sources of a slice have different numbers of layers", slice.place)
            }
            if let base, !file.isSliced, !parts.contains(where: { $0.model == base }) {
                parts.append(Part(model: base, layers: nil, parameters: []))
            }
            try add(parts, base, file, slice)
        }
        if let first = others.first, let odd = others.firstIndex(where: { $0.count != first.count }) {
            throw Self.mistake(
                "slice \(odd + 1) has \(others[odd].count) models beside the base, slice 1 has \(first.count)",
                file.slices[odd].place, ["a recipe merges all slices alike: give all as many, or make two merges of it"]
            )
        }
    }

    private mutating func add(
        _ parts: [Part], _ base: MergekitModel?, _ file: MergeFile, _ slice: MergeFile.Slice
    ) throws {
        let own = base.flatMap { base in parts.first { $0.model == base } }
        let rest = parts.filter { $0.model != base }
        let name = file.method.name
        func require(_ holds: Bool, _ what: String) throws {
            guard holds else { throw Self.mistake("\(name) takes \(what)", slice.place) }
        }
        func requireBase() throws {
            guard let base else {
                throw Self.mistake("\(name) needs a base_model", file.place, ["base_model: path at the top"])
            }
            guard own != nil else {
                throw Self.mistake("the base_model is not among the sources of a slice", base.place)
            }
        }
        switch file.method.inputs {
        case .models: others.append(parts)
        case .one:
            try require(parts.count == 1, "one model; here are \(parts.count)")
            others.append(parts)
        case .pair:
            try requireBase()
            try require(rest.count == 1, "the base and one other model; here are \(rest.count) others")
            add(own, rest)
        case .experts(let least):
            try requireBase()
            try require(!rest.isEmpty, "models beside the base; here are none")
            try require(rest.count >= least, "the base and at least \(least) others; here are \(rest.count)")
            add(own, rest)
        case .vectors(let least, let most):
            if base != nil { try requireBase() }
            try require(
                rest.count >= least && rest.count <= most ?? .max,
                "\(most == nil ? "at least \(least)" : "\(least)") models beside the base; here are \(rest.count)")
            add(own, rest)
        }
    }

    private mutating func add(_ base: Part?, _ rest: [Part]) {
        if let base { self.base.append(base) }
        others.append(rest)
    }

    private static func mistake(_ text: String, _ place: DPPAError.Location, _ notes: [String] = []) -> DPPAError {
        DPPAError(.data, text, notes: notes, location: place)
    }
}
