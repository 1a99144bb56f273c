import DPPASupport

/// A regular expression that says where a text is cut, or what an answer looks like: matched as a backtracking program, leftmost
/// alternative first, as the readers of tokenizer.json do.
package struct TextPattern: Sendable {
    private enum Instruction: Sendable {
        /// One scalar of a set.
        case set(Int)
        /// As many scalars of a set as there are, at least and at most so many; unless possessive, fewer when the rest fails.
        case run(Int, ClosedRange<Int>, isPossessive: Bool)
        /// The first way, and the second when it fails.
        case fork(Int, Int)
        case jump(Int)
        /// What begins behind it matches here or does not; goes on at the place given.
        case ahead(isNegated: Bool, next: Int)
        case accept
    }

    /// The pattern as it was written.
    let source: String
    /// Whose pattern it is, for messages.
    private let owner: String
    private var code: [Instruction] = []
    private var sets: [ScalarSet] = []

    /// Of a stranger's pattern: what a tokenizer needs is far below it.
    private static let longest = 10_000
    private static let mostSteps = 50_000_000
    private static let mostWays = 1_000_000

    /// Compiles a pattern; `owner` is whose it is, for messages.
    ///
    /// Throws `data` with what is not read.
    package init(_ source: String, of owner: String = "the tokenizer") throws {
        (self.source, self.owner) = (source, owner)
        try emit(PatternParser.parse(source, of: owner))
        code.append(.accept)
    }

    private mutating func emit(_ node: PatternNode) throws {
        guard code.count < Self.longest else {
            throw DPPAError(.limit, "a pattern of \(owner) is too long", notes: ["the pattern is \(source)"])
        }
        switch node {
        case .set(let set):
            code.append(.set(sets.count))
            sets.append(set)
        case .sequence(let parts): for part in parts { try emit(part) }
        case .alternatives(let all):
            var ends: [Int] = []
            for (index, each) in all.enumerated() {
                let fork = code.count
                let isLast = index == all.count - 1
                if !isLast { code.append(.accept) }
                try emit(each)
                guard !isLast else { break }
                ends.append(code.count)
                code.append(.accept)
                code[fork] = .fork(fork + 1, code.count)
            }
            for end in ends { code[end] = .jump(code.count) }
        case .repeated(.set(let set), let range, let isPossessive):
            code.append(.run(sets.count, range, isPossessive: isPossessive))
            sets.append(set)
        case .repeated(let inner, let range, let isPossessive):
            guard !isPossessive, range.upperBound == 1 || range.upperBound == .max, range.lowerBound <= 1 else {
                throw DPPAError(
                    .data, "a pattern of \(owner) repeats a group in a way that is not read",
                    notes: ["the pattern is \(source)"])
            }
            let start = code.count
            if range.lowerBound == 1 { try emit(inner) }
            guard range.upperBound == .max || range.lowerBound == 0 else { return }
            let fork = code.count
            code.append(.accept)
            if range.lowerBound == 0 { try emit(inner) }
            if range.upperBound == .max { code.append(.jump(range.lowerBound == 0 ? fork : start)) }
            code[fork] = .fork(fork + 1, code.count)
        case .ahead(let inner, let isNegated):
            let place = code.count
            code.append(.accept)
            try emit(inner)
            code.append(.accept)
            code[place] = .ahead(isNegated: isNegated, next: code.count)
        }
    }

    /// The places to go back to, kept between matches so that nothing is allocated.
    package struct Scratch {
        package init() {}

        fileprivate var ways: [Way] = []
        fileprivate var steps = 0
    }

    fileprivate struct Way {
        var code: Int
        var place: Int
        /// How far back a run may give up scalars; equal to `place` for a fork.
        var least: Int
    }

    /// Where a match that begins at a place ends; nil where none does.
    ///
    /// Throws `limit` when it tries too many ways.
    func end(in text: UTF8Text.Bytes, at start: Int, _ scratch: inout Scratch) throws -> Int? {
        scratch.ways.removeAll(keepingCapacity: true)
        scratch.steps = 0
        return try end(in: text, at: start, from: 0, &scratch)
    }

    private func end(
        in text: UTF8Text.Bytes, at start: Int, from first: Int, _ scratch: inout Scratch
    ) throws -> Int? {
        let bottom = scratch.ways.count
        var (place, next) = (start, first)
        while true {
            scratch.steps += 1
            var isGood = true
            switch code[next] {
            case .accept:
                scratch.ways.removeLast(scratch.ways.count - bottom)
                return place
            case .set(let set):
                isGood = place < text.count
                if isGood {
                    let (scalar, behind) = UTF8Text.scalar(text, at: place)
                    isGood = sets[set].contains(scalar)
                    (place, next) = (behind, next + 1)
                }
            case .run(let set, let range, let isPossessive):
                var (count, least, end) = (0, place, place)
                while end < text.count, count < range.upperBound {
                    let (scalar, behind) = UTF8Text.scalar(text, at: end)
                    guard sets[set].contains(scalar) else { break }
                    count += 1
                    end = behind
                    if count == range.lowerBound { least = end }
                }
                scratch.steps += count
                isGood = count >= range.lowerBound
                next += 1
                place = end
                if isGood, end > least, !isPossessive {
                    scratch.ways.append(Way(code: next, place: end, least: least))
                }
            case .fork(let one, let other):
                scratch.ways.append(Way(code: other, place: place, least: place))
                next = one
            case .jump(let target): next = target
            case .ahead(let isNegated, let target):
                isGood = try (end(in: text, at: place, from: next + 1, &scratch) == nil) == isNegated
                next = target
            }
            guard !isGood || scratch.ways.count >= Self.mostWays else { continue }
            guard scratch.steps < Self.mostSteps, scratch.ways.count < Self.mostWays else {
                throw DPPAError(
                    .limit, "a pattern of \(owner) tries too many ways on this text",
                    notes: ["the pattern is \(source)"])
            }
            guard scratch.ways.count > bottom else { return nil }
            var way = scratch.ways.removeLast()
            if way.place > way.least {
                way.place = UTF8Text.before(text, way.place)
                if way.place > way.least { scratch.ways.append(way) }
            }
            (place, next) = (way.place, way.code)
        }
    }
}
