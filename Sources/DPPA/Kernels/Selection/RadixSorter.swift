import DPPASupport

/// A stable sort of keys with their indices, for one row after the other.
struct RadixSorter {
    /// Keys in the upper half, indices in the lower.
    struct Order {
        fileprivate let pairs: UnsafeMutablePointer<UInt64>

        /// The index that was given with the key at a position of the ascending order.
        @inline(__always)
        func index(_ position: Int) -> Int { Int(pairs[position] & 0xffff_ffff) }
    }

    private let first: Buffer<UInt64>
    private let second: Buffer<UInt64>
    private let bins: Buffer<UInt32>

    /// Room for rows of up to `capacity` elements, fewer than 2^32.
    init(capacity: Int) {
        first = Buffer(capacity)
        second = Buffer(capacity)
        bins = Buffer(3 * 2048)
    }

    /// Gives the key of an index, in ascending order of indices.
    @inline(__always)
    func set(_ index: Int, key: UInt32) {
        first.pointer[index] = UInt64(key) << 32 | UInt64(truncatingIfNeeded: index)
    }

    /// Sorts the keys of the indices 0..<count; equal keys stay in the order of their indices.
    func sort(count: Int) -> Order {
        guard count > 64 else { return insertionSort(count) }
        // Three digits of 11, 11 and 10 bits, counted in one pass.
        let bins = bins.pointer
        bins.update(repeating: 0, count: 3 * 2048)
        for index in 0..<count {
            let key = first.pointer[index] >> 32
            bins[Int(key & 2047)] &+= 1
            bins[2048 &+ Int(key >> 11 & 2047)] &+= 1
            bins[4096 &+ Int(key >> 22)] &+= 1
        }
        var (source, target) = (first.pointer, second.pointer)
        for digit in 0..<3 {
            let starts = bins + digit * 2048
            var sum: UInt32 = 0
            for bin in 0..<2048 {
                let size = starts[bin]
                starts[bin] = sum
                sum &+= size
            }
            let shift = UInt64(32 + 11 * digit)
            for index in 0..<count {
                let pair = source[index]
                let bin = Int(pair >> shift & 2047)
                target[Int(starts[bin])] = pair
                starts[bin] &+= 1
            }
            swap(&source, &target)
        }
        return Order(pairs: source)
    }

    private func insertionSort(_ count: Int) -> Order {
        let pairs = first.pointer
        for position in 1..<max(1, count) {
            let pair = pairs[position]
            var hole = position
            while hole > 0, pairs[hole - 1] > pair {
                pairs[hole] = pairs[hole - 1]
                hole -= 1
            }
            pairs[hole] = pair
        }
        return Order(pairs: pairs)
    }
}
