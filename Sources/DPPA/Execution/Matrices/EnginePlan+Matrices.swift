import DPPAExpression

extension EnginePlan {
    /// What a run computes of whole tensors.
    public struct Matrices: Sendable {
        /// How many tensors it is done for.
        public var tensors = 0
        /// How many singular value and eigenvalue decompositions there are.
        public var decompositions = 0
        /// About how many multiplications and additions they and the products take.
        public var operations = 0.0
        /// The most memory that one tensor takes, in bytes.
        public var bytes = 0
        /// The tensor that takes it, and the operation that it is for, in words.
        public var largest = ""

        /// Nil where nothing needs whole tensors.
        init?(_ graph: Graph, _ schedule: Schedule, _ outputs: [Engine.Output]) throws {
            guard graph.hasMatrices else { return nil }
            var names: Set<String> = []
            for epoch in 0..<schedule.epochCount {
                var known: [String: Set<MatrixKey>] = [:]
                let count = schedule.passCount(epoch)
                for pass in 0..<count {
                    var wanted: [String: [MatrixKey]] = [:]
                    for item in schedule.work(at: Stage(epoch: epoch, pass: pass)) {
                        for tensor in item.tensors(graph, outputs) {
                            for node in item.operands where graph.selects(node, tensor) {
                                wanted[graph.facts(tensor).name, default: []].append(
                                    MatrixKey(node: node, tensor: tensor))
                            }
                        }
                    }
                    for (name, keys) in wanted.sorted(by: { $0.key < $1.key }) {
                        let before = known[name, default: []]
                        let outline = try MatrixOutline(
                            graph, for: keys, known: before, keeping: pass == count - 1 ? [] : schedule.needed)
                        guard !outline.isEmpty else { continue }
                        names.insert(name)
                        decompositions += outline.decompositions
                        operations += outline.operations
                        let kept = outline.values.filter(\.isWanted)
                        known[name] = Set(kept.map(\.key))
                        let peak = outline.peak
                        let held = outline.values.prefix(outline.knownCount).reduce(0) { $0 + $1.bytes }
                        if peak.bytes + held > bytes {
                            bytes = peak.bytes + held
                            largest = "\(outline.words(peak.place)) for \(name)"
                        }
                    }
                }
            }
            guard !names.isEmpty else { return nil }
            tensors = names.count
        }
    }
}
