import DPPASupport

/// By leading bits: dealt out once, and then put right where neighbours differ in other bits.
extension RadixSorter {
    /// The most bits that may vary: more are those of values that seldom meet.
    static var mostBits: Int { 21 }
    static var mostLeadingBits: Int { 12 }
    /// How many steps of putting right, for each element, are worth less than a sort by digits.
    private static var mostSteps: Int { 8 }

    /// Nil where too much would have to be put right.
    func sortByLeadingBits(_ count: Int, _ spread: Spread) -> Order? {
        // Twice as many bins as elements, or a little more.
        let wanted = Int.bitWidth - (count - 1).leadingZeroBitCount + 1
        let bits = max(4, min(spread.bits, wanted, Self.mostLeadingBits))
        findPlaces(count, spread, bits)
        let (keys, places, pairs, bins) = (keys.pointer, places.pointer, first.pointer, bins.pointer)
        for index in 0..<count { bins[Int(places[index])] &+= 1 }
        makeStarts(bits)
        for index in 0..<count {
            let bin = Int(places[index])
            let position = bins[bin]
            pairs[Int(position)] = Self.pair(keys[index], index)
            bins[bin] = position &+ 1
        }
        return putRight(count, steps: count * Self.mostSteps) ? Order(pairs: pairs) : nil
    }

    /// Where the bin of each key lies, and bins of zeros.
    ///
    /// The bins are cut into sixteen parts, whose first bins lie beside each other, then the second ones …: each vector of bins
    /// has one of each part.
    private func findPlaces(_ count: Int, _ spread: Spread, _ bits: Int) {
        let (keys, places) = (keys.pointer, places.pointer)
        bins.pointer.update(repeating: 0, count: 1 << bits)
        let floor = SIMD16<UInt32>(repeating: spread.floor)
        let dropped = SIMD16<UInt32>(repeating: UInt32(max(0, spread.bits - bits)))
        let partBits = SIMD16<UInt32>(repeating: UInt32(bits - 4))
        let within = SIMD16<UInt32>(repeating: 1 << UInt32(bits - 4) - 1)
        var index = 0
        while index < count {
            let lanes = UnsafeRawPointer(keys + index).loadUnaligned(as: SIMD16<UInt32>.self)
            let bin = (lanes.replacing(with: floor, where: lanes .< floor) &- floor) &>> dropped
            let place = (bin & within) &<< SIMD16(repeating: 4) | bin &>> partBits
            UnsafeMutableRawPointer(places + index).storeBytes(of: place, as: SIMD16<UInt32>.self)
            index &+= 16
        }
    }

    /// Makes where each bin begins of how many each has: all sixteen parts at once.
    private func makeStarts(_ bits: Int) {
        let (bins, size) = (UnsafeMutableRawPointer(bins.pointer), MemoryLayout<SIMD16<UInt32>>.size)
        let end = size << (bits - 4)
        var sums = SIMD16<UInt32>()
        for offset in stride(from: 0, to: end, by: size) {
            let counts = bins.loadUnaligned(fromByteOffset: offset, as: SIMD16<UInt32>.self)
            bins.storeBytes(of: sums, toByteOffset: offset, as: SIMD16<UInt32>.self)
            sums &+= counts
        }
        var (starts, sum) = (SIMD16<UInt32>(), UInt32(0))
        for part in 0..<16 {
            starts[part] = sum
            sum &+= sums[part]
        }
        for offset in stride(from: 0, to: end, by: size) {
            let sums = bins.loadUnaligned(fromByteOffset: offset, as: SIMD16<UInt32>.self)
            bins.storeBytes(of: sums &+ starts, toByteOffset: offset, as: SIMD16<UInt32>.self)
        }
    }
}
