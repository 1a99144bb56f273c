import DPPAKernels
import Testing

/// Bits of masks, beside plain loops.
@Suite struct MaskBitsTests {
    @Test(arguments: [1, 7, 8, 15, 16, 17, 63, 64, 200, 1003])
    func anyPiecesOfAMaskComeBack(count: Int) {
        var random = SplitMix(UInt64(count))
        let mask = (0..<count).map { _ in Float(random.next() & 1) }
        let bits = UnsafeMutableRawPointer.allocate(byteCount: MaskBits.byteCount(count), alignment: 8)
        defer { bits.deallocate() }
        bits.initializeMemory(as: UInt8.self, repeating: 0, count: MaskBits.byteCount(count))
        // Pieces in no order, which meet inside bytes.
        var cuts = Set([0, count])
        for _ in 0..<5 { cuts.insert(Int(random.next() % UInt64(count + 1))) }
        let sorted = cuts.sorted()
        for (first, last) in zip(sorted, sorted.dropFirst()).reversed() {
            let (tile, whole) = (Tile(Array(mask[first..<last])), MaskBits.whole(first..<last))
            #expect(whole.lowerBound >= first && whole.upperBound <= last && whole.count % 16 == 0)
            MaskBits.pack(tile.start + (whole.lowerBound - first), into: bits, at: whole)
            MaskBits.set(tile.start, into: bits, at: first..<whole.lowerBound)
            MaskBits.set(tile.start + (whole.upperBound - first), into: bits, at: whole.upperBound..<last)
        }
        for place in 0..<count {
            #expect((bits.load(fromByteOffset: place / 8, as: UInt8.self) >> (place % 8)) & 1 == UInt8(mask[place]))
        }
        for first in Set([0, 1, count / 3, count - 1]) {
            let tile = Tile(count - first, .nan)
            MaskBits.expand(bits, from: first, into: tile.start, count: count - first)
            #expect(tile.values == Array(mask[first...]))
        }
    }
}
