/// Byte-pair encoding of one piece of text: its symbols, of which the two neighbours that merge earliest become one until none do.
///
/// Of equally early pairs the leftmost is first. Short pieces are looked through again after every merge, long ones go through a
/// queue: O(n log n).
struct BytePairEncoding: Sendable {
    /// How early two neighbours merge, and what they become.
    enum Rule: Sendable {
        /// By their tokens, as merges of a tokenizer.json.
        case pairs(MergeTable)
        /// By their text together, which is a piece with a rank, as in SentencePiece: rank by token.
        case pieces([UInt32])
    }

    /// What becomes of a character that is no piece.
    struct Unknown: Sendable {
        /// The tokens of all bytes, if it is spelled in bytes.
        var bytes: [Int32]?
        /// The token that stands for it; nil leaves it out.
        var token: Int32?
        /// Whether neighbours become one.
        var isFused = false
    }

    let pieces: PieceTable
    let rule: Rule
    let unknown: Unknown
    /// The token of each byte, −1 of one that has none, where symbols begin as bytes; else they begin as characters.
    let byteTokens: [Int32]?
    /// Whether a piece that is a token as a whole is taken at once.
    let takesWholePieces: Bool

    fileprivate struct Symbol {
        var token: Int32
        /// Where its text begins and ends.
        var start: Int32
        var end: Int32
        var previous: Int32
        var next: Int32
        /// When it and the next one merge.
        var rank: UInt32 = .max
        /// What they become.
        var merged: Int32 = -1
    }

    /// What is kept between pieces so that nothing is allocated.
    struct Scratch {
        fileprivate var symbols: [Symbol] = []
        fileprivate var queue: [UInt64] = []
    }

    private static let shortest = 40

    /// Appends the tokens of a piece.
    func encode(_ text: UTF8Text.Bytes, into tokens: inout [Int32], _ scratch: inout Scratch) {
        guard !text.isEmpty else { return }
        if takesWholePieces, let token = pieces.value(text) { return tokens.append(token) }
        begin(text, &scratch.symbols)
        guard !scratch.symbols.isEmpty else { return }
        for index in scratch.symbols.indices.dropLast() { look(index, text, &scratch.symbols) }
        if scratch.symbols.count < Self.shortest {
            mergeByLooking(text, &scratch.symbols)
        } else {
            mergeByQueue(text, &scratch)
        }
        var index = 0
        var last: Int32 = -1
        while index >= 0 {
            let symbol = scratch.symbols[index]
            let isSecondUnknown = unknown.isFused && symbol.token == unknown.token && last == symbol.token
            if !isSecondUnknown { tokens.append(symbol.token) }
            last = symbol.token
            index = Int(symbol.next)
        }
    }

    /// The symbols that a piece begins as.
    private func begin(_ text: UTF8Text.Bytes, _ symbols: inout [Symbol]) {
        symbols.removeAll(keepingCapacity: true)
        func add(_ token: Int32, _ start: Int, _ end: Int) {
            let index = Int32(symbols.count)
            symbols.append(
                Symbol(token: token, start: Int32(start), end: Int32(end), previous: index - 1, next: index + 1))
        }
        if let byteTokens {
            for (place, byte) in text.enumerated() {
                let token = byteTokens[Int(byte)]
                if token >= 0 {
                    add(token, place, place + 1)
                } else if let token = unknown.token {
                    add(token, place, place + 1)
                }
            }
        } else {
            var place = 0
            while place < text.count {
                let (_, end) = UTF8Text.scalar(text, at: place)
                if let token = pieces.value(UTF8Text.Bytes(rebasing: text[place..<end])) {
                    add(token, place, end)
                } else if let bytes = unknown.bytes {
                    for place in place..<end { add(bytes[Int(text[place])], place, place + 1) }
                } else if let token = unknown.token {
                    let isFused = unknown.isFused && symbols.last?.token == token
                    if isFused { symbols[symbols.count - 1].end = Int32(end) } else { add(token, place, end) }
                }
                place = end
            }
        }
        if !symbols.isEmpty { symbols[symbols.count - 1].next = -1 }
    }

    /// Finds out when a symbol and the next one merge.
    @inline(__always) private func look(_ index: Int, _ text: UTF8Text.Bytes, _ symbols: inout [Symbol]) {
        let next = Int(symbols[index].next)
        var (rank, token) = (UInt32.max, Int32(-1))
        if next >= 0 {
            switch rule {
            case .pairs(let table):
                if let merge = table.merge(symbols[index].token, symbols[next].token) {
                    (rank, token) = (merge.rank, merge.token)
                }
            case .pieces(let ranks):
                let place = Int(symbols[index].start)..<Int(symbols[next].end)
                if let found = pieces.value(UTF8Text.Bytes(rebasing: text[place])) {
                    (rank, token) = (ranks[Int(found)], found)
                }
            }
        }
        symbols[index].rank = rank
        symbols[index].merged = token
    }

    /// Makes a symbol and the next one one, and looks again at its neighbours; gives the symbol before it, or -1.
    @inline(__always) private func merge(_ index: Int, _ text: UTF8Text.Bytes, _ symbols: inout [Symbol]) -> Int {
        let next = Int(symbols[index].next)
        symbols[index].token = symbols[index].merged
        symbols[index].end = symbols[next].end
        symbols[index].next = symbols[next].next
        symbols[next].rank = .max
        symbols[next].merged = -2
        if symbols[index].next >= 0 { symbols[Int(symbols[index].next)].previous = Int32(index) }
        look(index, text, &symbols)
        let previous = Int(symbols[index].previous)
        if previous >= 0 { look(previous, text, &symbols) }
        return previous
    }

    private func mergeByLooking(_ text: UTF8Text.Bytes, _ symbols: inout [Symbol]) {
        while true {
            var (best, rank) = (-1, UInt32.max)
            var index = 0
            while index >= 0 {
                if symbols[index].rank < rank { (best, rank) = (index, symbols[index].rank) }
                index = Int(symbols[index].next)
            }
            guard best >= 0 else { return }
            _ = merge(best, text, &symbols)
        }
    }

    /// Entries are ranks with places; one whose symbol has another rank by now is passed over.
    private func mergeByQueue(_ text: UTF8Text.Bytes, _ scratch: inout Scratch) {
        scratch.queue.removeAll(keepingCapacity: true)
        func add(_ index: Int) {
            let rank = scratch.symbols[index].rank
            if rank != .max { Self.push(UInt64(rank) << 32 | UInt64(index), &scratch.queue) }
        }
        for index in scratch.symbols.indices { add(index) }
        while let entry = Self.pop(&scratch.queue) {
            let index = Int(entry & 0xFFFF_FFFF)
            guard scratch.symbols[index].rank == UInt32(entry >> 32) else { continue }
            let previous = merge(index, text, &scratch.symbols)
            add(index)
            if previous >= 0 { add(previous) }
        }
    }

    private static func push(_ entry: UInt64, _ heap: inout [UInt64]) {
        var index = heap.count
        heap.append(entry)
        while index > 0, heap[(index - 1) / 2] > entry {
            heap[index] = heap[(index - 1) / 2]
            index = (index - 1) / 2
        }
        heap[index] = entry
    }

    private static func pop(_ heap: inout [UInt64]) -> UInt64? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return first }
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < last else { break }
            heap[index] = heap[child]
            index = child
        }
        heap[index] = last
        return first
    }
}
