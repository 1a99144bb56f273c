import DPPAKernels
import DPPASupport

/// The differences of rows that take the place of a base's, and zeros for all others, in float32.
struct TokenRowsSource: TensorSource {
    let shape: [Int]
    let dtype = DType.f32
    /// The place of a row's values among those that were trained, by its number.
    private let places: [Int: Int]
    private let values, base: any TensorSource

    /// Rows by their numbers, with values in that order.
    init(_ rows: [Int], _ values: any TensorSource, base: any TensorSource) {
        shape = base.shape
        places = Dictionary(rows.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        (self.values, self.base) = (values, base)
    }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        let (out, columns) = (buffer.assumingMemoryBound(to: Float.self), shape[1])
        out.update(repeating: 0, count: elements.count)
        for (row, place) in places {
            let part = elements.clamped(to: row * columns..<(row + 1) * columns)
            guard !part.isEmpty else { continue }
            let shift = (place - row) * columns
            let own = try values.floats(part.lowerBound + shift..<part.upperBound + shift)
            let old = try base.floats(part)
            for index in 0..<part.count {
                out[part.lowerBound - elements.lowerBound + index] = own.pointer[index] - old.pointer[index]
            }
            withExtendedLifetime((own, old)) {}
        }
    }

    func bytesRead(_ elements: Int) -> Int {
        let all = places.count * shape[1]
        let bytes = values.bytesRead(all) + base.bytesRead(all)
        return Int(Double(bytes) * Double(elements) / Double(max(1, shape.reduce(1, *))))
    }
}
