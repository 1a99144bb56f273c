import DPPASupport

/// The experts of a mixture as another model keeps them: in stacks, or a matrix each (`ExpertStacks`).
struct MixtureLayout {
    /// Sources of the missing tensors, by name.
    private(set) var sources: [String: any TensorSource] = [:]
    /// The names that they are made of.
    private(set) var used: Set<String> = []
    private(set) var description = ""

    /// What of the missing tensors, which are the reference's, can be made of a model's own.
    ///
    /// Throws `data` where nothing tells which element of a stack is which.
    init(own: [TensorFacts], missing: [TensorFacts], _ model: OpenModel, _ reference: OpenModel) throws {
        func byCore(_ facts: [TensorFacts]) -> [String: TensorFacts] {
            Dictionary(facts.map { (NameMatching.core($0.name), $0) }, uniquingKeysWith: { first, _ in first })
        }
        let (ours, theirs) = (byCore(own), byCore(missing))
        var known: [String: ExpertStacks?] = [:]
        var (apart, together) = (0, 0)
        for facts in missing {
            let core = NameMatching.core(facts.name)
            guard let mark = core.ranges(of: "experts.").last else { continue }
            let site = String(core[..<mark.upperBound])
            let rest = core[mark.upperBound...].split(separator: ".").map(String.init)
            let isStack = rest.count == 1
            if known[site] == nil {
                known[site] = .some(
                    isStack
                        ? try ExpertStacks(site, stacks: theirs, matrices: ours, of: reference)
                        : try ExpertStacks(site, stacks: ours, matrices: theirs, of: model))
            }
            guard let stacks = known[site] ?? nil else { continue }
            func source(_ name: String, _ shape: [Int]) -> (any TensorSource)? {
                guard let own = ours[site + name], own.shape == shape else { return nil }
                return model.source(own.name)
            }
            if isStack, let (found, names) = stacks.stack(rest[0], facts.shape, source) {
                sources[facts.name] = found
                used.formUnion(names.compactMap { ours[site + $0]?.name })
                together += 1
            } else if rest.count == 3, let expert = Int(rest[0]),
                let (found, name) = stacks.matrix(rest[1], rest[2], expert, facts.shape, source)
            {
                sources[facts.name] = found
                if let name = ours[site + name]?.name { used.insert(name) }
                apart += 1
            }
        }
        description =
            together > 0
            ? "\(used.count) matrices of experts put together in \(Phrase.counted(together, "stack"))"
            : "\(Phrase.counted(used.count, "stack")) of experts taken apart into \(apart) matrices"
    }
}
