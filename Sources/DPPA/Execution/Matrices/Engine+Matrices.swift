import DPPAExpression
import DPPAKernels
import DPPASupport

/// Whole matrices: computed for the tensors of a unit before the pass whose programs load them.
///
/// Nothing is scheduled for them: a matrix is a leaf of the programs of a pass, and what it depends on besides elements is known by
/// then. They stay until the unit is done.
extension Engine {
    /// Computes the matrices that a pass needs on a unit.
    ///
    /// `keeping` are the nodes of later passes. Throws a `limit` error that says how much memory is missing for which tensor.
    func prepare(
        _ work: [any PassWork], on unit: [TensorID], _ needs: Needs, _ outputs: [Output], keeping: [NodeID]
    ) throws {
        guard graph.hasMatrices else { return }
        var wanted: [MatrixKey] = []
        for tensor in unit {
            for item in work where needs.contains(item, on: tensor) {
                if let write = item as? OutputWrite, outputs[write.number].slots[tensor] == nil { continue }
                for node in item.operands where graph.selects(node, tensor) {
                    wanted.append(MatrixKey(node: node, tensor: tensor))
                }
            }
        }
        try compute(wanted, keeping: keeping)
    }

    /// Runs a body for which the matrices of some nodes on a tensor are there; those that were not there before go again.
    ///
    /// The body is told whether there are such.
    func withMatrices<Result>(
        of nodes: [NodeID], on tensor: TensorID, _ body: (_ isNew: Bool) throws -> Result
    ) throws -> Result {
        guard graph.hasMatrices else { return try body(false) }
        let before = matrices.keys
        try compute(nodes.map { MatrixKey(node: $0, tensor: tensor) }, keeping: [])
        defer { matrices.removeAll(but: before) }
        return try body(matrices.keys != before)
    }

    private func compute(_ wanted: [MatrixKey], keeping: [NodeID]) throws {
        let known = matrices.keys
        var outlines: [MatrixOutline] = []
        for (name, keys) in Dictionary(grouping: wanted, by: { graph.facts($0.tensor).name }).sorted(by: {
            Graph.precedes($0.key, $1.key)
        }) {
            let here = known.filter { graph.facts($0.tensor).name == name }
            let outline = try MatrixOutline(graph, for: keys, known: here, keeping: keeping)
            if !outline.isEmpty { outlines.append(outline) }
        }
        guard !outlines.isEmpty else { return }
        try MatrixProduct.prepare()
        observer?.begin(stage: stageName ?? "decomposing")
        var next = outlines[...]
        while let first = next.first {
            // As many at a time as there are threads and memory for.
            var budget = MemoryBudget(limit: options.memory)
            try budget.reserve(matrices.bytes, for: "keeping matrices")
            let peak = first.peak
            if peak.bytes > budget.free - residents.bytes { residents.release() }
            try budget.reserve(
                peak.bytes,
                for: "\(first.words(peak.place)) for \(graph.facts(first.values[0].key.tensor).name.shown)")
            var count = 1
            while count < min(options.threads, next.count) {
                let other = next[next.startIndex + count].peak.bytes
                guard other <= budget.free - residents.bytes else { break }
                try budget.reserve(other, for: "matrices")
                count += 1
            }
            try run(Array(next.prefix(count)))
            next = next.dropFirst(count)
        }
    }

    private func run(_ outlines: [MatrixOutline]) throws {
        let jobs = try outlines.map { try MatrixJob(self, $0) }
        let (machines, counters, observer) = (machines, counters, observer)
        let tasks = jobs.flatMap(\.reading)
        if options.digestsInputs { inputs.open(tasks) }
        defer { inputs.close() }
        try pool.run(jobs.count) { number, worker in try jobs[number].run(machines[worker], counters, observer) }
        matrices.removeAll(but: matrices.keys.filter { matrices[$0]?.matrix != nil })
        report.matrices += outlines.reduce(0) { $0 + $1.steps.count }
        report.bytesRead += tasks.reduce(0) { $0 + $1.bytesRead }
        report.elementSteps += tasks.reduce(0) { $0 + $1.elementSteps }
        if stageName == nil { count(tasks) }
    }

    /// What is told of a matrix that is not finite.
    func described(_ failure: NonFiniteMatrix) throws -> DPPAError {
        let (key, facts) = (failure.key, graph.facts(failure.key.tensor))
        let formula = graph.formula(key.node, depth: 3)
        let found = "`\(formula)` has \(Phrase.counted(failure.count, "element")) of \(facts.numel) that are not finite"
        let inputs = try nonFiniteInputs(of: key.node, for: [key.tensor])
        let told = inputs.prefix(3).map {
            "\(graph.models[$0.key.model].label) has \($0.count) infinite or NaN elements there: "
                + graph.models[$0.key.model].identity.shown
        }
        return DPPAError(
            .data, "\(found) on \(facts.name.shown): a matrix must be finite",
            notes: told.isEmpty
                ? ["guard the operation with where(…, …, 0), as for a division by something that can be 0"]
                : told + ["get it again, or leave such elements out: where(abs(x):lt(1e30), x, 0)"],
            location: graph[key.node].location)
    }
}
