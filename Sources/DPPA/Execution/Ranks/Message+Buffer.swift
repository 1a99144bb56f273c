import DPPASupport

extension Message {
    /// Puts in some of the numbers of a buffer, with their place.
    mutating func put(_ numbers: Buffer<Double>, _ range: Range<Int>) {
        put(range.lowerBound)
        put(UnsafePointer(numbers.pointer + range.lowerBound), count: range.count)
    }

    /// Takes numbers to their place in a buffer.
    mutating func take(into numbers: Buffer<Double>) throws {
        let (start, values): (Int, [Double]) = (try take(), try takeList())
        guard start >= 0, start <= numbers.count - values.count else {
            throw DPPAError(.internalFault, "another rank tells of numbers that have no place")
        }
        for (index, value) in values.enumerated() { numbers.pointer[start + index] = value }
    }
}
