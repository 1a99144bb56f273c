import DPPASupport

/// Order statistics of keys in memory.
package enum Selection {
    /// The key at an index of the ascending order, from 0; in linear time, without a sort.
    ///
    /// The keys are used up. The index is cut to 0..<count; no keys give 0.
    package static func select(_ keys: UnsafeMutablePointer<UInt32>, count: Int, ascendingIndex: Int) -> UInt32 {
        guard count > 0 else { return 0 }
        var (remaining, index) = (count, min(max(0, ascendingIndex), count - 1))
        return withUnsafeTemporaryAllocation(of: Int.self, capacity: 2048) { bins in
            guard let bins = bins.baseAddress else { return 0 }
            // By 11, 11 and 10 bits from the top; only the keys that share the wanted digit stay.
            var shift: UInt32 = 21
            while remaining > 32 {
                let size: Int = shift == 0 ? 1024 : 2048
                bins.initialize(repeating: 0, count: size)
                let mask = UInt32(size - 1)
                for position in 0..<remaining { bins[Int(keys[position] >> shift & mask)] &+= 1 }
                var digit = 0
                while index >= bins[digit] {
                    index -= bins[digit]
                    digit += 1
                }
                if shift == 0 { return keys[0] & ~mask | UInt32(digit) }
                let wanted = UInt32(digit)
                var kept = 0
                for position in 0..<remaining {
                    let key = keys[position]
                    keys[kept] = key
                    kept &+= key >> shift & mask == wanted ? 1 : 0
                }
                remaining = kept
                shift = shift == 21 ? 10 : 0
            }
            return insertionSelect(keys, remaining, index)
        }
    }

    /// The keys at two indices of the ascending order, from 0, the first not above the second; the keys are used up.
    ///
    /// One count of leading digits serves both, and only what lies between is looked at again: for indices that are near each
    /// other, at the cost of one.
    package static func select(
        _ keys: UnsafeMutablePointer<UInt32>, count: Int, ascendingIndices first: Int, _ second: Int
    ) -> (UInt32, UInt32) {
        guard count > 0 else { return (0, 0) }
        return withUnsafeTemporaryAllocation(of: Int.self, capacity: 2048) { bins in
            guard let bins = bins.baseAddress else { return (0, 0) }
            bins.initialize(repeating: 0, count: 2048)
            for position in 0..<count { bins[Int(keys[position] >> 21)] &+= 1 }
            func digit(of index: Int) -> (digit: Int, before: Int) {
                var (digit, before) = (0, 0)
                while index >= before + bins[digit] {
                    before += bins[digit]
                    digit += 1
                }
                return (digit, before)
            }
            let (from, before) = digit(of: min(max(0, first), count - 1))
            let to = digit(of: min(max(0, second), count - 1)).digit
            var kept = 0
            for position in 0..<count {
                let key = keys[position]
                keys[kept] = key
                kept &+= Int(key >> 21) >= from && Int(key >> 21) <= to ? 1 : 0
            }
            let copy = Buffer<UInt32>(kept)
            copy.pointer.update(from: keys, count: kept)
            return (
                select(copy.pointer, count: kept, ascendingIndex: first - before),
                select(keys, count: kept, ascendingIndex: second - before)
            )
        }
    }

    private static func insertionSelect(_ keys: UnsafeMutablePointer<UInt32>, _ count: Int, _ index: Int) -> UInt32 {
        for position in 1..<max(1, count) {
            let key = keys[position]
            var hole = position
            while hole > 0, keys[hole - 1] > key {
                keys[hole] = keys[hole - 1]
                hole -= 1
            }
            keys[hole] = key
        }
        return keys[index]
    }
}
