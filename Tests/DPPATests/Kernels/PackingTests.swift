import DPPA
import Testing

/// Bits, gaps and groups of changed words against loops over arrays.
@Suite struct PackingTests {
    /// Runs of odd lengths, and how much of them has changed.
    static let cases: [(count: Int, share: Double)] = [
        (0, 0.5), (1, 1), (7, 0.5), (64, 0.3), (100, 0), (1000, 0.02), (4096, 0.4), (300_000, 0.0002),
    ]
    static let forms: [(n: Int, m: Int)] = [(1, 4), (2, 4), (3, 8), (2, 8), (1, 16), (5, 16)]

    private func buffer(_ bytes: [UInt8]) -> Buffer<UInt8> {
        let buffer = Buffer<UInt8>(bytes.count)
        for (index, byte) in bytes.enumerated() { buffer.pointer[index] = byte }
        return buffer
    }

    /// Words of a size before and after, and which of them differ.
    private func words(_ count: Int, size: Int, share: Double) -> (a: [UInt8], b: [UInt8], changed: [Bool]) {
        var random = Lehmer(UInt64(count * 8 + size))
        let a = (0..<count * size).map { _ in UInt8.random(in: 0...255, using: &random) }
        let changed = (0..<count).map { _ in Double.random(in: 0..<1, using: &random) < share }
        var b = a
        for index in 0..<count where changed[index] {
            // One byte of the word, wherever it is.
            b[index * size + Int.random(in: 0..<size, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
        }
        return (a, b, changed)
    }

    private func bits(_ changed: [Bool]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: (changed.count + 7) / 8)
        for (index, flag) in changed.enumerated() where flag { bytes[index / 8] += 1 << UInt8(index % 8) }
        return bytes
    }

    @Test(arguments: cases, [1, 2, 4, 8]) func wordsAreComparedAndMoved(_ run: (count: Int, share: Double), size: Int) {
        let (a, b, changed) = words(run.count, size: size, share: run.share)
        let (x, y, mask) = (buffer(a), buffer(b), Buffer<UInt8>(ChangedBits.byteCount(run.count)))
        let found = ChangedBits.compare(x.pointer, y.pointer, size: size, count: run.count, into: mask.pointer)
        let kept = changed.count { $0 }
        #expect(found == kept && mask.array() == bits(changed))
        for first in [0, 1, 13, 63, 64] where first <= run.count {
            #expect(
                ChangedBits.count(mask.pointer, first: first, count: run.count - first)
                    == changed[first...].count { $0 })
        }
        let values = Buffer<UInt8>(kept * size)
        ChangedBits.gather(y.pointer, size: size, mask.pointer, count: run.count, into: values.pointer)
        let wanted = changed.indices.filter { changed[$0] }.flatMap { b[$0 * size..<($0 + 1) * size] }
        #expect(values.array() == wanted)
        ChangedBits.scatter(
            values.pointer, size: size, mask.pointer, first: 0, count: run.count, into: x.pointer)
        #expect(x.array() == b)
        // A part that begins within a byte.
        guard run.count > 80 else { return }
        let (from, to) = (13, run.count - 3)
        let rank = changed[..<from].count { $0 }
        let part = buffer(Array(a[from * size..<to * size]))
        ChangedBits.scatter(
            values.pointer + rank * size, size: size, mask.pointer, first: from, count: to - from, into: part.pointer)
        #expect(part.array() == Array(b[from * size..<to * size]))
    }

    @Test(arguments: [(0, 0), (0, 5), (3, 3), (5, 21), (8, 64), (63, 130)]) func rangesAreSet(_ from: Int, _ to: Int) {
        let mask = buffer([UInt8](repeating: 0, count: 20))
        ChangedBits.set(from..<to, in: mask.pointer)
        #expect(mask.array() == bits((0..<160).map { (from..<to).contains($0) }))
    }

    @Test(arguments: cases) func gapsLeadToThePlaces(_ run: (count: Int, share: Double)) throws {
        let (_, _, changed) = words(run.count, size: 1, share: run.share)
        let mask = buffer(bits(changed))
        let places = changed.indices.filter { changed[$0] }
        let before = 1000
        // Gap by gap, as the definition has it.
        var (wanted, previous): ([UInt8], Int) = ([], -1 - before)
        for place in places {
            var gap = place - previous - 1
            while gap > 127 {
                wanted.append(UInt8(gap % 128 + 128))
                gap /= 128
            }
            wanted.append(UInt8(gap))
            previous = place
        }
        let bytes = Buffer<UInt8>(6 * places.count + 8)
        let length = GapCode.encode(mask.pointer, count: run.count, before: before, into: bytes.pointer)
        #expect(Array(bytes.array()[..<length]) == wanted)
        let known = GapCode.Run(mask.pointer, count: run.count)
        #expect(known.count == places.count)
        if let first = places.first, let last = places.last {
            #expect(known.first == first && known.last == last)
            #expect(GapCode.byteCount(before + first) + known.byteCount == length)
        }
        // Read in odd pieces, and decoded in odd ranges.
        let elements = run.count + before
        var index = GapIndex(elements: elements, block: 128)
        for start in stride(from: 0, to: length, by: 5) {
            try index.add(bytes.pointer + start, count: min(5, length - start))
        }
        #expect(try index.finish() == places.count)
        #expect(index.entries.count == (elements + 127) / 128 + 1)
        let all = places.map { $0 + before }
        for range in [0..<elements, 100..<1100, max(0, elements - 200)..<elements] where range.upperBound <= elements {
            let entry = index.entries[range.lowerBound / 128]
            let end = index.entries[(range.upperBound + 127) / 128]
            let out = buffer([UInt8](repeating: 0, count: ChangedBits.byteCount(range.count)))
            let found = GapCode.decode(
                bytes.pointer + entry.byte, count: end.byte - entry.byte, behind: entry.place, range: range,
                into: out.pointer)
            #expect(entry.count + found.before == all.count { $0 < range.lowerBound })
            #expect(found.marked == all.count { range.contains($0) })
            let marked = Set(all)
            #expect(out.array() == bits(range.map { marked.contains($0) }))
        }
    }

    @Test func whatIsNoListOfGapsIsRefused() {
        func fault(_ bytes: [UInt8], elements: Int) -> GapIndex.Fault? {
            var index = GapIndex(elements: elements, block: 16)
            let bytes = buffer(bytes)
            do {
                try index.add(bytes.pointer, count: bytes.count)
                _ = try index.finish()
                return nil
            } catch { return error }
        }
        #expect(fault([9], elements: 10) == nil)
        #expect(fault([10], elements: 10) == .beyond)
        #expect(fault([0, 0, 0], elements: 2) == .beyond)
        #expect(fault([0, 128], elements: 200) == .unfinished)
        #expect(fault([UInt8](repeating: 255, count: 12), elements: 200) == .unfinished)
    }

    @Test(arguments: forms, [1, 2, 8])
    func groupsKeepTheirWords(_ form: (n: Int, m: Int), size: Int) {
        var random = Lehmer(UInt64(form.m + form.n))
        let count = 40 * form.m
        let a = (0..<count * size).map { _ in UInt8.random(in: 0...255, using: &random) }
        var (b, changed) = (a, [Bool](repeating: false, count: count))
        for group in 0..<40 {
            // Some groups have fewer.
            for place in (0..<form.m).shuffled(using: &random).prefix(group % (form.n + 1)) {
                changed[group * form.m + place] = true
                b[(group * form.m + place) * size] ^= 255
            }
        }
        let (mask, x) = (buffer(bits(changed)), buffer(b))
        #expect(ChangedBits.fullest(mask.pointer, count: count, group: form.m) == form.n)
        let places = buffer([UInt8](repeating: 0, count: GroupCode.byteCount(groups: 40, n: form.n, m: form.m)))
        let words = Buffer<UInt8>(40 * form.n * size)
        GroupCode.encode(
            x.pointer, size: size, mask.pointer, count: count, n: form.n, m: form.m, places: places.pointer,
            words: words.pointer)
        for range in [0..<count, 3..<count - 1, form.m..<form.m * 2, 5..<6] {
            let first = range.lowerBound / form.m
            let bit = first * form.n * form.m.trailingZeroBitCount
            let part = buffer(Array(a[range.lowerBound * size..<range.upperBound * size]))
            GroupCode.decode(
                places: places.pointer + bit / 8, first: bit % 8, words: words.pointer + first * form.n * size,
                size: size, n: form.n, m: form.m, range: range, into: part.pointer)
            #expect(part.array() == Array(b[range.lowerBound * size..<range.upperBound * size]))
        }
    }
}
