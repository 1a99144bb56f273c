import DPPAExpression
import DPPASupport

/// Finding order statistics: samples before a pass.
extension Engine {
    /// The searches of a `cut` or `kth` node for the instances that some tensors belong to.
    func searches(_ scan: OrderScan, on tensors: [TensorID]) throws -> [OrderSearch] {
        let (id, node) = (scan.node, graph[scan.node])
        let (isCount, isTop): (Bool, Bool)
        switch node.operation {
        case .cut(_, _, let counts): (isCount, isTop) = (counts, true)
        case .kth: (isCount, isTop) = (false, false)
        default: throw graph.fault("this has no order", id)
        }
        store.touch(id)
        var seen: Set<Int> = []
        let domain = graph.tensors(of: id)
        var found: [OrderSearch] = []
        for tensor in tensors where graph.selects(id, tensor) {
            guard let instance = graph.instance(of: tensor, at: node.scope), seen.insert(instance).inserted else {
                continue
            }
            let members =
                node.scope == .tensor
                ? [tensor] : domain.filter { graph.instance(of: $0, at: node.scope) == instance }
            let total = members.reduce(0) { $0 + graph.facts($1).numel }
            let number = try coarse.value(scan.amount, tensor)
            let rank = isTop ? Order.wanted(number, isCount, of: total) : total - Order.index(number, of: total)
            guard total > 0, rank > 0 else {
                if isTop {
                    store.set(id, instance, Cut.nothing)
                } else {
                    store.set(id, instance, CoarseArithmetic.ofNothing)
                }
                continue
            }
            found.append(
                OrderSearch(
                    node: id, operand: scan.x, instance: instance, members: members,
                    names: members.map { graph.facts($0).name }, key: isTop ? .largest : .ascending, total: total,
                    rank: rank, width: options.threads))
        }
        return found
    }

    /// What a search draws of one tensor, and where it goes in its sample.
    private struct Draw {
        var node: NodeID
        var ranges: [Range<Int>]
        var buffer: Buffer<Float>
        var start: Int
    }

    /// Draws a strided sample of small blocks for each search and sets its bracket.
    func sample(_ searches: [OrderSearch]) throws {
        let block = 256
        var samples: [Buffer<Float>] = []
        var tasks: [TensorTask] = []
        var draws: [TensorID: [Draw]] = [:]
        for search in searches {
            let blocks = OrderSearch.sampleSize(search.total) / block
            var starts = Array(repeating: 0, count: search.members.count)
            var ranges: [[Range<Int>]] = Array(repeating: [], count: search.members.count)
            var (member, before, filled) = (0, 0, 0)
            for number in 0..<blocks {
                let position = search.total / blocks * number
                while position - before >= graph.facts(search.members[member]).numel {
                    before += graph.facts(search.members[member]).numel
                    member += 1
                }
                let start = position - before
                let range = start..<min(start + block, graph.facts(search.members[member]).numel)
                if ranges[member].isEmpty { starts[member] = filled }
                ranges[member].append(range)
                filled += range.count
            }
            let buffer = Buffer<Float>(filled)
            samples.append(buffer)
            for (number, tensor) in search.members.enumerated() where !ranges[number].isEmpty {
                draws[tensor, default: []].append(
                    Draw(node: search.operand, ranges: ranges[number], buffer: buffer, start: starts[number]))
            }
        }
        // What several searches need of a tensor is computed once.
        for (tensor, draws) in draws.sorted(by: { $0.key.index < $1.key.index }) {
            try withMatrices(of: draws.map(\.node), on: tensor) { isNew in
                let own = try draws.compactMap { try collecting($0.node, tensor, $0.ranges, $0.buffer, at: $0.start) }
                // Matrices of all tensors at once would be as large as models.
                if isNew { try perform(own, stage: "sampling") } else { tasks += own }
            }
        }
        try perform(tasks, stage: "sampling")
        let drawn = samples
        try pool.run(searches.count) { number, _ in
            let sample = UnsafeMutableBufferPointer(start: drawn[number].pointer, count: drawn[number].count)
            searches[number].bracket(sample)
        }
        // Gathering may take half of what is free; the largest searches go by histograms when that is too little.
        var excess = searches.reduce(0) { $0 + $1.gatheredBytes } - MemoryBudget(limit: options.memory).free / 2
        for search in searches.sorted(by: { $0.gatheredBytes > $1.gatheredBytes }) where excess > 0 {
            excess -= search.gatheredBytes
            search.gatherNothing()
        }
        for search in searches { search.prepare() }
    }

    /// A task that evaluates a node on some ranges of a tensor and keeps the values, one range behind the other.
    func collecting(
        _ node: NodeID, _ tensor: TensorID, _ ranges: [Range<Int>], _ buffer: Buffer<Float>, at start: Int = 0
    ) throws -> TensorTask? {
        var pass = TensorPass(self, tensor)
        let slot = try pass.elements(node)
        if pass.compiler.program.isPlaceless {
            pass.attach(CollectionSink(buffer, at: start), [slot])
            return try pass.task(gathering: ranges)
        }
        var (offsets, filled) = ([Int](), 0)
        for range in ranges {
            offsets.append(filled)
            filled += range.count
        }
        pass.attach(CollectionSink(buffer, at: start, offsets: offsets), [slot])
        let (length, count) = (max(1, pass.facts.rowLength), pass.facts.numel)
        return try pass.task(
            ranges.map { range in
                let rows =
                    range.lowerBound / length * length..<min(count, (range.upperBound + length - 1) / length * length)
                return Chunk(
                    evaluated: pass.needsRows ? rows : range, owned: range,
                    leaves: range.lowerBound..<range.lowerBound)
            })
    }
}
