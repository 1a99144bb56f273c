/// Kernels whose unit is a row: rows lie one behind the other, without alignment or padding between them.
package enum RowKernels {
    /// `out[r]` = the reduction of row r.
    ///
    /// By the scheme of tensors counted from the row's start: leaves of 4096 elements in sixteen float64 lanes, joined as a
    /// tree. `y` is the second operand, if there is one; without it `dot` is the sum of squares. An empty row gives 0.
    package static func reduce(
        _ reduction: Reduction, _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>?, rowLength: Int, rowCount: Int,
        into out: UnsafeMutablePointer<Double>
    ) {
        let (accumulated, y) = (reduction.accumulated, y ?? x)
        withUnsafeTemporaryAllocation(of: Double.self, capacity: accumulated.width) { buffer in
            guard let numbers = buffer.baseAddress else { return }
            for row in 0..<max(0, rowCount) {
                let start = row * rowLength
                if rowLength > 0 {
                    accumulated.reduce(rowLength, into: numbers) { leaf, state in
                        let first = start + leaf.lowerBound
                        accumulated.loops.take(x + first, y + first, count: leaf.count, phase: 0, into: state)
                    }
                }
                out[row] = reduction.finish(numbers, count: rowLength)
            }
        }
    }

    /// `out[r, j]` = how many elements of row r come before x[r, j] in ascending order, or the value at that place of `values`.
    ///
    /// Ranks count from 0; equal elements (and the two zeros) rank by index, NaN comes last. Rows of up to 2^24 elements
    /// have exact ranks. There are as many `values` as a row has elements, if there are any. `out` is not `x`.
    package static func rank(
        _ x: UnsafePointer<Float>, rowLength: Int, rowCount: Int, values: UnsafePointer<Float>? = nil,
        into out: UnsafeMutablePointer<Float>
    ) {
        let sorter = RadixSorter(capacity: rowLength)
        for row in 0..<max(0, rowCount) {
            let (elements, ranks) = (x + row * rowLength, out + row * rowLength)
            let order = sorter.sort(elements, count: rowLength)
            if let values {
                for position in 0..<rowLength { ranks[order.index(position)] = values[position] }
            } else {
                for position in 0..<rowLength { ranks[order.index(position)] = Float(position) }
            }
        }
    }

    /// The mask of the `counts[r]` largest elements of each row r.
    ///
    /// Exactly that many, or all finite ones if there are fewer: infinities and NaN are never chosen. Of equal elements the
    /// ones with the lowest index are. `mask` is not `x`.
    package static func topMask(
        _ x: UnsafePointer<Float>, counts: UnsafePointer<Int>, rowLength: Int, rowCount: Int,
        into mask: UnsafeMutablePointer<Float>
    ) {
        withKeys(rowLength) { keys in
            for row in 0..<max(0, rowCount) {
                let (values, kept) = (x + row * rowLength, mask + row * rowLength)
                let wanted = min(counts[row], rowLength)
                guard wanted > 0 else {
                    kept.update(repeating: 0, count: rowLength)
                    continue
                }
                OrderKey.fill(keys, values, count: rowLength, .largest)
                // The key of what is not finite is 0, below all others: as a threshold it keeps every finite element.
                let threshold = Selection.select(keys, count: rowLength, ascendingIndex: rowLength - wanted)
                var above = 0
                OrderKey.fill(keys, values, count: rowLength, .largest)
                for index in 0..<rowLength {
                    let isAbove = keys[index] > threshold
                    kept[index] = isAbove ? 1 : 0
                    above &+= isAbove ? 1 : 0
                }
                var remaining = threshold == 0 ? 0 : wanted - above
                var index = 0
                while remaining > 0 {
                    if keys[index] == threshold {
                        kept[index] = 1
                        remaining -= 1
                    }
                    index += 1
                }
            }
        }
    }

    /// `out[r]` = the element of row r at `indices[r]` in ascending order, counted from 0; NaN comes last, -0 is 0.
    ///
    /// Indices are cut to 0..<rowLength; an empty row gives 0.
    package static func kth(
        _ x: UnsafePointer<Float>, indices: UnsafePointer<Int>, rowLength: Int, rowCount: Int,
        into out: UnsafeMutablePointer<Double>
    ) {
        withKeys(rowLength) { keys in
            for row in 0..<max(0, rowCount) {
                guard rowLength > 0 else {
                    out[row] = 0
                    continue
                }
                OrderKey.fill(keys, x + row * rowLength, count: rowLength, .ascending)
                let index = min(max(0, indices[row]), rowLength - 1)
                out[row] = Double(OrderKey.value(Selection.select(keys, count: rowLength, ascendingIndex: index)))
            }
        }
    }

    private static func withKeys(_ count: Int, _ body: (UnsafeMutablePointer<UInt32>) -> Void) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count + 16) {
            guard let start = $0.baseAddress else { return }
            body(start)
        }
    }
}
