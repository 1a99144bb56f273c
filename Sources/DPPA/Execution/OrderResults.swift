import DPPAExpression
import DPPAKernels
import DPPASupport

/// Finding order statistics: exact results after a pass, without fail.
extension Engine {
    /// Stores what searches have found; one whose bracket missed finds it by histograms, which ranks share where they share
    /// the search.
    func finish(_ searches: [OrderSearch], isShared: Bool) throws {
        try pool.run(searches.count) { number, _ in searches[number].conclude() }
        for search in searches {
            defer { search.release() }
            var outcome = search.outcome
            if case .missed = outcome {
                search.release()
                outcome = try byHistogram(search, isShared: isShared)
            }
            try keep(outcome, of: search)
        }
    }

    private func keep(_ outcome: OrderSearch.Outcome, of search: OrderSearch) throws {
        switch (search.key == .ascending, outcome) {
        case (false, .nothing): store.set(search.node, search.instance, Cut.nothing)
        case (false, .found(let key, let wanted, let equal, let gathered)):
            let last = search.members.count - 1
            var place = (member: last, index: Int.max)
            if wanted < equal { place = try gathered ?? locate(search, OrderKey.value(key), wanted) }
            store.set(
                search.node, search.instance,
                Cut(threshold: Double(OrderKey.value(key)), boundary: search.names[place.member], last: place.index))
        case (true, .found(let key, _, _, _)):
            store.set(search.node, search.instance, Double(OrderKey.value(key)))
        case (true, .nothing), (_, .missed): throw graph.fault("an order statistic was not found", search.node)
        }
    }

    /// The order statistic by two passes over 16 + 16 bits of the keys.
    private func byHistogram(_ search: OrderSearch, isShared: Bool) throws -> OrderSearch.Outcome {
        report.histogramSearches += 1
        func bin(_ counts: [Int], _ rank: Int) throws -> (bin: Int, above: Int) {
            var seen = 0
            for bin in counts.indices.reversed() {
                if seen + counts[bin] >= rank { return (bin, seen) }
                seen += counts[bin]
            }
            throw graph.fault("the histograms hold too little", search.node)
        }
        let first = try histogram(search, high: nil, isShared)
        var rank = search.rank
        if case .largest = search.key {
            // Non-finite values have the key 0, which nothing finite has.
            let invalid = try histogram(search, high: 0, isShared)[0]
            rank = min(rank, search.total - invalid)
        }
        guard rank > 0 else { return .nothing }
        let upper = try bin(first, rank)
        let second = try histogram(search, high: UInt16(upper.bin), isShared)
        let lower = try bin(second, rank - upper.above)
        let key = UInt32(upper.bin) << 16 | UInt32(lower.bin)
        return .found(key: key, wanted: rank - upper.above - lower.above, equal: second[lower.bin], place: nil)
    }

    private func histogram(_ search: OrderSearch, high: UInt16?, _ isShared: Bool) throws -> [Int] {
        let bank = HistogramBank(key: search.key, high: high, width: options.threads)
        var tasks: [TensorTask] = []
        let sizes = search.members.map { graph.facts($0).numel }
        let ranks = isShared ? Deal.ranks(sizes, among: options.ranks.size) : []
        for (number, tensor) in search.members.enumerated()
        where sizes[number] > 0 && (!isShared || ranks[number] == options.ranks.rank) {
            try withMatrices(of: [search.operand], on: tensor) { isNew in
                var pass = TensorPass(self, tensor)
                pass.attach(HistogramSink(bank), [try pass.elements(search.operand)])
                guard let task = try pass.task() else { return }
                if isNew { try perform([task], stage: "choosing") } else { tasks.append(task) }
            }
        }
        try perform(tasks, stage: "choosing")
        guard isShared else { return bank.merged() }
        var message = Message()
        message.put(bank.merged())
        var counts = [Int](repeating: 0, count: 1 << 16)
        for message in try options.ranks.share(message) {
            var message = message
            for (bin, count) in zip(counts.indices, try message.takeList(of: Int.self)) { counts[bin] += count }
        }
        return counts
    }

    /// The place of the n-th value, from 1, that equals a threshold: in the tile that the pass has counted it in, or else by
    /// counting in every chunk first.
    private func locate(_ search: OrderSearch, _ value: Float, _ n: Int) throws -> (member: Int, index: Int) {
        let key = OrderKey.ascending(value)
        if key == search.low || key == search.high, let (tile, number) = search.tile(ofEqual: key, n) {
            return (tile.member, try locate(search, value, number, in: tile.range, of: search.members[tile.member]))
        }
        report.countedPlaces += 1
        var left = n
        for (member, tensor) in search.members.enumerated() where graph.facts(tensor).numel > 0 {
            let (chunks, sink) = try withMatrices(of: [search.operand], on: tensor) { _ in
                var pass = TensorPass(self, tensor)
                let slot = try pass.elements(search.operand)
                let chunks = pass.chunks
                let sink = EqualCountSink(value, chunks: chunks.count)
                pass.attach(sink, [slot])
                try perform([pass.task(chunks)].compactMap(\.self), stage: "choosing")
                return (chunks, sink)
            }
            for (number, chunk) in chunks.enumerated() {
                guard left > sink.counts.pointer[number] else {
                    return (member, try locate(search, value, left, in: chunk.owned, of: tensor))
                }
                left -= sink.counts.pointer[number]
            }
        }
        throw graph.fault("a chosen threshold was not found again", search.node)
    }

    /// The flat index of the n-th value, from 1, that equals a threshold, in a part of a tensor.
    private func locate(
        _ search: OrderSearch, _ value: Float, _ n: Int, in range: Range<Int>, of tensor: TensorID
    ) throws -> Int {
        let buffer = Buffer<Float>(range.count)
        try withMatrices(of: [search.operand], on: tensor) { _ in
            let collection = try collecting(search.operand, tensor, [range], buffer)
            try perform([collection].compactMap(\.self), stage: "choosing")
        }
        guard let found = ElementKernels.nthEqual(buffer.pointer, count: buffer.count, value: value, n: n) else {
            throw graph.fault("a chosen threshold was not found again", search.node, tensor)
        }
        return range.lowerBound + found
    }
}
