import DPPAKernels
import DPPASupport

/// A tensor of 8-bit floating-point codes with scales beside it: code · scale in float32, rounded once.
///
/// Along each dimension a scale holds for a block of elements. It is written in bfloat16 unless another type is asked for.
struct ScaledSource: TensorSource {
    let codes: any TensorSource
    let scales: any TensorSource
    /// The elements along each dimension that share a scale; as many as the codes have dimensions.
    let blocks: [Int]
    /// The scales along each dimension.
    let grid: [Int]

    /// Nil where the shapes do not fit: along each dimension there is one scale, one for each element, or one for each block.
    init?(codes: any TensorSource, scales: any TensorSource, block: [Int]) {
        let shape = codes.shape
        var grid = scales.shape
        if grid.reduce(1, *) == 1 { grid = [] }
        guard grid.count <= shape.count, !shape.isEmpty, !shape.contains(0) else { return nil }
        // Fewer dimensions than the codes have are rows, never blocks.
        let hasBlocks = grid.count == shape.count
        grid += Array(repeating: 1, count: shape.count - grid.count)
        let sizes = Array(repeating: 1, count: max(0, shape.count - block.count)) + block.suffix(shape.count)
        var blocks: [Int] = []
        for (size, count, wished) in zip(zip(shape, grid), sizes).map({ ($0.0, $0.1, $1) }) {
            switch count {
            case 1: blocks.append(size)
            case size: blocks.append(1)
            case (size - 1) / wished + 1 where hasBlocks: blocks.append(wished)
            default: return nil
            }
        }
        (self.codes, self.scales, self.blocks, self.grid) = (codes, scales, blocks, grid)
    }

    var shape: [Int] { codes.shape }
    var dtype: DType { .f32 }
    var writtenDType: DType { .bf16 }
    var encoding: String { codes.encoding }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        guard !elements.isEmpty else { return }
        let out = buffer.assumingMemoryBound(to: Float.self)
        try codes.load(elements, as: .f32, into: buffer)
        let (columns, width) = (shape[shape.count - 1], blocks[blocks.count - 1])
        let rows = elements.lowerBound / columns..<(elements.upperBound - 1) / columns + 1
        let places = rows.map(place)
        let first = places.min() ?? 0
        let last = (places.max() ?? 0) + grid[grid.count - 1]
        let factors = try scales.floats(first..<last)
        for (row, place) in zip(rows, places) {
            let part = elements.clamped(to: row * columns..<(row + 1) * columns)
            var next = part.lowerBound
            while next < part.upperBound {
                let column = next - row * columns
                let end = min(part.upperBound, row * columns + (column / width + 1) * width)
                let factor = factors.pointer[place - first + column / width]
                for index in next - elements.lowerBound..<end - elements.lowerBound { out[index] *= factor }
                next = end
            }
        }
        withExtendedLifetime(factors) {}
    }

    func bytesRead(_ elements: Int) -> Int {
        let share = Double(elements) / Double(shape.reduce(1, *))
        return codes.bytesRead(elements) + Int(Double(scales.bytesRead(grid.reduce(1, *))) * share)
    }

    /// The flat index of the first scale of a row.
    private func place(_ row: Int) -> Int {
        var (left, place, stride) = (row, 0, grid[grid.count - 1])
        for axis in (0..<shape.count - 1).reversed() {
            place += left % shape[axis] / blocks[axis] * stride
            left /= shape[axis]
            stride *= grid[axis]
        }
        return place
    }
}
