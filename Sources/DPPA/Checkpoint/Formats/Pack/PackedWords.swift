import DPPAKernels
import DPPASupport
import Synchronization

/// Words that take the place of a base's, read where they are asked for.
protocol PackedWords: Sendable {
    /// Puts those of a range of elements into a buffer that holds the base's.
    func apply(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws
}

/// The words that differ, in order, and where: a bit for each element, or gaps.
///
/// What is before a block of elements is counted in one walk over bits or gaps when words are first asked for; all of them are
/// checked in it.
final class ChangedWords: PackedWords {
    /// In the file.
    private let values, places: StoredTensor
    private let areGaps: Bool
    private let name: String
    private let count: Int
    private let index = Mutex<[GapIndex.Entry]?>(nil)

    /// Elements of a block, and bytes that are read at once.
    private static let block = 1 << 16
    private static let piece = 1 << 16

    init(_ values: StoredTensor, _ places: StoredTensor, areGaps: Bool, name: String, count: Int) {
        (self.values, self.places, self.areGaps) = (values, places, areGaps)
        (self.name, self.count) = (name, count)
    }

    func apply(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        guard !elements.isEmpty, values.shape[0] > 0 else {
            // Of no words at all the places must say so too.
            if values.shape[0] == 0 { _ = try entries() }
            return
        }
        let entries = try entries()
        let (first, last) = (elements.lowerBound / Self.block, (elements.upperBound - 1) / Self.block + 1)
        let entry = entries[first]
        let bits: Buffer<UInt8>
        // The first of the bits that is meant, how many words come before its own, and how many there are.
        let start, rank, marked: Int
        if areGaps {
            let bytes = try read(entry.byte..<entries[last].byte)
            bits = Buffer<UInt8>(ChangedBits.byteCount(elements.count))
            bits.clear()
            let found = GapCode.decode(
                bytes.pointer, count: bytes.count, behind: entry.place, range: elements, into: bits.pointer)
            (start, rank, marked) = (0, entry.count + found.before, found.marked)
        } else {
            let byte = first * Self.block / 8
            bits = try read(byte..<ChangedBits.byteCount(elements.upperBound))
            start = elements.lowerBound - first * Self.block
            rank = entry.count + ChangedBits.count(bits.pointer, first: 0, count: start)
            marked = ChangedBits.count(bits.pointer, first: start, count: elements.count)
        }
        guard marked > 0 else { return }
        let words = Buffer<UInt8>(marked * values.dtype.byteSize)
        try values.load(rank..<rank + marked, into: words.pointer)
        ChangedBits.scatter(
            words.pointer, size: values.dtype.byteSize, bits.pointer, first: start, count: elements.count, into: buffer)
        withExtendedLifetime((bits, words)) {}
    }

    private func read(_ range: Range<Int>) throws -> Buffer<UInt8> {
        let bytes = Buffer<UInt8>(range.count)
        try places.load(range, into: bytes.pointer)
        return bytes
    }

    /// Where blocks begin; made by the first thread that asks, while others wait.
    private func entries() throws -> [GapIndex.Entry] {
        try index.withLock { index in
            if let index { return index }
            let (found, entries) = try areGaps ? walkGaps() : walkBits()
            guard found == values.shape[0] else {
                throw damage("\(found) places are marked, and there are \(values.shape[0]) words")
            }
            index = entries
            return entries
        }
    }

    private func walkGaps() throws -> (Int, [GapIndex.Entry]) {
        var index = GapIndex(elements: count, block: Self.block)
        do {
            for start in stride(from: 0, to: places.shape[0], by: Self.piece) {
                let bytes = try read(start..<min(places.shape[0], start + Self.piece))
                try index.add(bytes.pointer, count: bytes.count)
                withExtendedLifetime(bytes) {}
            }
            return (try index.finish(), index.entries)
        } catch let fault as GapIndex.Fault {
            switch fault {
            case .beyond: throw damage("its gaps lead beyond its \(count) elements")
            case .unfinished: throw damage("a gap is not complete")
            }
        }
    }

    private func walkBits() throws -> (Int, [GapIndex.Entry]) {
        var (found, entries): (Int, [GapIndex.Entry]) = (0, [])
        for start in stride(from: 0, to: count, by: Self.block) {
            let elements = min(Self.block, count - start)
            entries.append(GapIndex.Entry(byte: start / 8, place: start - 1, count: found))
            let bytes = try read(start / 8..<start / 8 + ChangedBits.byteCount(elements))
            found += ChangedBits.count(bytes.pointer, first: 0, count: elements)
            let behind = ChangedBits.count(bytes.pointer, first: elements, count: bytes.count * 8 - elements)
            guard behind == 0 else { throw damage("its mask marks elements behind the last one") }
            withExtendedLifetime(bytes) {}
        }
        return (found, entries)
    }

    private func damage(_ what: String) -> DPPAError {
        DPPAError(
            .data, "\(values.descriptor.path): \(name.shown): \(what)",
            notes: ["the pack is damaged; copy or download it again"])
    }
}

/// n words of every m.
struct GroupedWords: PackedWords {
    let values, places: StoredTensor
    let n, m: Int

    func apply(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        guard !elements.isEmpty else { return }
        let groups = elements.lowerBound / m..<(elements.upperBound + m - 1) / m
        let width = m.trailingZeroBitCount
        let bits = groups.lowerBound * n * width..<groups.upperBound * n * width
        let (bytes, words) = (
            Buffer<UInt8>((bits.upperBound + 7) / 8 - bits.lowerBound / 8),
            Buffer<UInt8>(groups.count * n * values.dtype.byteSize)
        )
        try places.load(bits.lowerBound / 8..<(bits.upperBound + 7) / 8, into: bytes.pointer)
        try values.load(groups.lowerBound * n..<groups.upperBound * n, into: words.pointer)
        GroupCode.decode(
            places: bytes.pointer, first: bits.lowerBound & 7, words: words.pointer, size: values.dtype.byteSize, n: n,
            m: m, range: elements, into: buffer)
        withExtendedLifetime((bytes, words)) {}
    }
}
