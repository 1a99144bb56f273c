/// Finding order statistics: samples before a pass, exact results after it.
extension Engine {
    /// The searches of a `cut` or `kth` node for the instances that some tensors belong to.
    func searches(_ id: NodeID, on tensors: [TensorID]) -> [OrderSearch] {
        let node = graph[id]
        let (operand, amount, isCount, isTop): (NodeID, NodeID, Bool, Bool)
        switch node.operation {
        case .cut(let x, let share, let counts): (operand, amount, isCount, isTop) = (x, share, counts, true)
        case .kth(let x, let index): (operand, amount, isCount, isTop) = (x, index, false, false)
        default: return []
        }
        store.touch(id)
        var seen: Set<Int> = []
        let domain = graph.domain(of: id)?.tensors ?? []
        var found: [OrderSearch] = []
        for tensor in tensors where contains(id, tensor) {
            guard let instance = graph.instance(of: tensor, at: node.scope), seen.insert(instance).inserted else {
                continue
            }
            let members = domain.filter { graph.instance(of: $0, at: node.scope) == instance }
            let total = members.reduce(0) { $0 + graph.facts($1).numel }
            let number = coarse.value(amount, tensor)
            let rank = isTop ? Order.wanted(number, isCount, of: total) : total - Order.index(number, of: total)
            guard total > 0, rank > 0 else {
                if isTop { store.set(id, instance, Cut.nothing) } else { store.set(id, instance, 0) }
                continue
            }
            found.append(
                OrderSearch(
                    node: id, operand: operand, instance: instance, members: members,
                    names: members.map { graph.facts($0).name }, key: isTop ? .largest : .ascending, total: total,
                    rank: rank, width: options.threads))
        }
        return found
    }

    /// Draws a strided sample of small blocks for each search and sets its bracket.
    func sample(_ searches: [OrderSearch]) throws {
        let block = 256
        var samples: [Buffer<Float>] = []
        var tasks: [TensorTask] = []
        for search in searches {
            let blocks = OrderSearch.sampleSize(search.total) / block
            var offsets: [[Int]] = Array(repeating: [], count: search.members.count)
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
                offsets[member].append(filled)
                ranges[member].append(range)
                filled += range.count
            }
            let buffer = Buffer<Float>(filled)
            samples.append(buffer)
            for (number, tensor) in search.members.enumerated() where !ranges[number].isEmpty {
                tasks.append(try collecting(search.operand, tensor, ranges[number], buffer, offsets[number]))
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

    /// A task that evaluates a node on some ranges of a tensor and keeps the values.
    private func collecting(
        _ node: NodeID, _ tensor: TensorID, _ ranges: [Range<Int>], _ buffer: Buffer<Float>, _ offsets: [Int]
    ) throws -> TensorTask {
        var compiler = ProgramCompiler(graph, coarse, tensor)
        let register = try compiler.register(node)
        let (length, count) = (max(1, graph.facts(tensor).rowLength), graph.facts(tensor).numel)
        return task(tensor, &compiler, [register], [{ .collect($0[0], buffer, offsets: offsets) }]) { needsRows in
            ranges.map { range in
                let rows =
                    range.lowerBound / length * length..<min(count, (range.upperBound + length - 1) / length * length)
                return Chunk(
                    evaluated: needsRows ? rows : range, owned: range, leaves: range.lowerBound..<range.lowerBound)
            }
        }
    }

    /// Stores what searches have found; one whose bracket missed finds it by histograms.
    func finish(_ searches: [OrderSearch]) throws {
        try pool.run(searches.count) { number, _ in searches[number].conclude() }
        for search in searches {
            defer { search.release() }
            var outcome = search.outcome
            if case .missed = outcome {
                search.release()
                outcome = try byHistogram(search)
            }
            guard case .found(let key, let wanted, let equal, let gathered) = outcome else {
                store.set(search.node, search.instance, Cut.nothing)
                continue
            }
            let value = OrderKey.value(key)
            guard case .largest = search.key else {
                store.set(search.node, search.instance, Double(value))
                continue
            }
            var cut = Cut(threshold: Double(value), boundary: search.names.last ?? "", last: Int.max)
            if wanted < equal {
                let place = try gathered ?? locate(search, value, wanted)
                cut.boundary = search.names[place.member]
                cut.last = place.index
            }
            store.set(search.node, search.instance, cut)
        }
    }

    /// The order statistic by two passes over 16 + 16 bits of the keys.
    private func byHistogram(_ search: OrderSearch) throws -> OrderSearch.Outcome {
        var above = 0
        func bin(_ counts: [Int], _ lowest: Int, _ rank: Int) -> (bin: Int, above: Int)? {
            var seen = 0
            for bin in stride(from: counts.count - 1, through: lowest, by: -1) {
                if seen + counts[bin] >= rank { return (bin, seen) }
                seen += counts[bin]
            }
            return nil
        }
        let first = try histogram(search, high: nil)
        var rank = search.rank
        if case .largest = search.key {
            // Non-finite values have the key 0, which nothing finite has.
            let invalid = try histogram(search, high: 0)[0]
            rank = min(rank, search.total - invalid)
        }
        guard rank > 0, let upper = bin(first, 0, rank) else { return .nothing }
        above = upper.above
        let second = try histogram(search, high: UInt16(upper.bin))
        guard let lower = bin(second, 0, rank - above) else { return .nothing }
        let key = UInt32(upper.bin) << 16 | UInt32(lower.bin)
        return .found(key: key, wanted: rank - above - lower.above, equal: second[lower.bin], place: nil)
    }

    private func histogram(_ search: OrderSearch, high: UInt16?) throws -> [Int] {
        let bank = HistogramBank(key: search.key, high: high, width: options.threads)
        try perform(
            search.members.compactMap { tensor in
                guard graph.facts(tensor).numel > 0 else { return nil }
                var compiler = ProgramCompiler(graph, coarse, tensor)
                let register = try compiler.register(search.operand)
                return task(tensor, &compiler, [register], [{ .histogram($0[0], bank) }])
            }, stage: "choosing")
        return bank.merged()
    }

    /// The place of the n-th value, from 1, that equals a threshold, by counting in every chunk first.
    private func locate(_ search: OrderSearch, _ value: Float, _ n: Int) throws -> (member: Int, index: Int) {
        var left = n
        for (member, tensor) in search.members.enumerated() where graph.facts(tensor).numel > 0 {
            var compiler = ProgramCompiler(graph, coarse, tensor)
            let register = try compiler.register(search.operand)
            let elements = options.chunkElements
            let counts = Buffer<Int>(graph.facts(tensor).numel / min(elements, LeafAccumulator.leafSize) + 2)
            let counting = task(tensor, &compiler, [register], [{ .countEqual($0[0], value, counts) }])
            try perform([counting], stage: "choosing")
            for (number, chunk) in counting.chunks.enumerated() {
                guard left > counts.pointer[number] else {
                    let buffer = Buffer<Float>(chunk.owned.count)
                    try perform([collecting(search.operand, tensor, [chunk.owned], buffer, [0])], stage: "choosing")
                    guard
                        let found = ElementKernels.nthEqual(buffer.pointer, count: buffer.count, value: value, n: left)
                    else { throw DPPAError(.internalFault, "a chosen threshold was not found again") }
                    return (member, chunk.owned.lowerBound + found)
                }
                left -= counts.pointer[number]
            }
        }
        throw DPPAError(.internalFault, "a chosen threshold was not found again")
    }
}

/// Order statistics of columns: the whole tensor is in memory, column by column.
extension Engine {
    /// Stores the cut or order statistic of every column of a tensor.
    func orderColumns(_ id: NodeID, _ tensor: TensorID, _ values: Buffer<Float>) throws {
        let facts = graph.facts(tensor)
        let (rows, columns) = (facts.rowCount, facts.rowLength)
        var thresholds = [Double](repeating: .infinity, count: columns)
        var lastRows = [Double](repeating: -1, count: columns)
        var keys: [(key: UInt32, row: Int)] = []
        for column in 0..<columns where rows > 0 {
            keys.removeAll(keepingCapacity: true)
            switch graph[id].operation {
            case .cut(_, let share, let isCount):
                for row in 0..<rows {
                    let key = OrderKey.largest(values.pointer[row * columns + column])
                    if key > 0 { keys.append((key, row)) }
                }
                let wanted = Order.wanted(coarse.value(share, tensor, column), isCount, of: rows)
                guard min(wanted, keys.count) > 0 else { continue }
                keys.sort { $0.key > $1.key || ($0.key == $1.key && $0.row < $1.row) }
                let last = keys[min(wanted, keys.count) - 1]
                thresholds[column] = Double(OrderKey.value(last.key))
                lastRows[column] = Double(last.row)
            case .kth(_, let index):
                for row in 0..<rows { keys.append((OrderKey.ascending(values.pointer[row * columns + column]), row)) }
                keys.sort { $0.key < $1.key }
                let place = Order.index(coarse.value(index, tensor, column), of: rows)
                thresholds[column] = Double(OrderKey.value(keys[place].key))
            default: break
            }
        }
        if case .kth = graph[id].operation {
            store.set(id, tensor.index, thresholds.map { $0 == .infinity && rows == 0 ? 0 : $0 })
        } else {
            store.set(id, tensor.index, ColumnCut(thresholds: thresholds, lastRows: lastRows))
        }
    }
}
