import DPPAKernels
import DPPASupport

/// A tensor whose elements stand in another one at even distances along each dimension: a transposed matrix, a slice of a stack,
/// every second column, one row that stands for all rows.
struct StridedSource: TensorSource {
    /// Elements of one dimension, or of several that lie as one.
    private struct Axis {
        var count: Int
        /// How many elements of the source lie from one to the next; 0 where all are the same one.
        var stride: Int
    }

    let shape: [Int]
    let source: any TensorSource
    /// The flat index of the first element.
    private let start: Int
    /// From the one that changes most slowly.
    private let axes: [Axis]

    /// A view with the distances of neighbours along each dimension, all of whose elements are within the source.
    init(shape: [Int], source: any TensorSource, start: Int, strides: [Int]) {
        (self.shape, self.source, self.start) = (shape, source, start)
        axes = zip(shape, strides).reduce(into: []) { axes, axis in
            let (count, stride) = axis
            if count == 1 { return }
            if let last = axes.last, last.stride == count * stride {
                axes[axes.count - 1] = Axis(count: last.count * count, stride: stride)
            } else {
                axes.append(Axis(count: count, stride: stride))
            }
        }
    }

    var dtype: DType { source.dtype }
    var writtenDType: DType { source.writtenDType }
    var encoding: String { source.encoding }

    /// The largest distance that is read across; what lies further apart is read element by element.
    private static let reach = 64
    /// How many elements are read at once even where most of them are not wanted.
    private static let piece = 1 << 15

    /// Bytes between those that are wanted are read as well, and elements that stand for many once.
    func bytesRead(_ elements: Int) -> Int {
        guard elements > 0 else { return 0 }
        let step = axes.map(\.stride).filter { $0 > 0 }.min().map { $0 <= Self.reach ? $0 : 1 } ?? 1
        let shares = axes.reduce(1.0) { $1.stride == 0 ? $0 * Double($1.count) : $0 }
        return source.bytesRead(Int(Double(elements) * Double(step) / shares))
    }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        guard !elements.isEmpty else { return }
        switch dtype.byteSize {
        case 1: try load(elements, into: buffer.assumingMemoryBound(to: UInt8.self))
        case 2: try load(elements, into: buffer.assumingMemoryBound(to: UInt16.self))
        case 4: try load(elements, into: buffer.assumingMemoryBound(to: UInt32.self))
        default: try load(elements, into: buffer.assumingMemoryBound(to: UInt64.self))
        }
    }

    /// Reads whole rows, which are cut to what is wanted: the elements of a column may lie side by side, those of a row not.
    private func load<Word: FixedWidthInteger & BitwiseCopyable>(
        _ elements: Range<Int>, into buffer: UnsafeMutablePointer<Word>
    ) throws {
        let columns = axes.last ?? Axis(count: 1, stride: 1)
        let rows = elements.lowerBound / columns.count..<(elements.upperBound - 1) / columns.count + 1
        guard rows.count > 1 else {
            let first = elements.lowerBound - rows.lowerBound * columns.count
            return try line(
                place(rows.lowerBound) + first * columns.stride, Axis(count: elements.count, stride: columns.stride),
                buffer, step: 1)
        }
        let whole = Buffer<Word>(rows.count * columns.count)
        // Rows at even distances, up to where an axis before theirs goes on.
        let run = axes.count > 1 ? axes[axes.count - 2] : Axis(count: 1, stride: 0)
        var row = rows.lowerBound
        while row < rows.upperBound {
            let count = min(rows.upperBound - row, run.count - row % run.count)
            try block(
                place(row), Axis(count: count, stride: run.stride), columns,
                whole.pointer + (row - rows.lowerBound) * columns.count)
            row += count
        }
        let wanted = whole.pointer + (elements.lowerBound - rows.lowerBound * columns.count)
        buffer.update(from: wanted, count: elements.count)
        // The memory must outlive the copy.
        withExtendedLifetime(whole) {}
    }

    /// The flat index in the source of a row's first element.
    private func place(_ row: Int) -> Int {
        var (left, place) = (row, start)
        for axis in axes.dropLast().reversed() {
            place += left % axis.count * axis.stride
            left /= axis.count
        }
        return place
    }

    /// Fills rows: by one read of all that they span, or by one along the shorter distance for each step of the other.
    private func block<Word: FixedWidthInteger & BitwiseCopyable>(
        _ first: Int, _ rows: Axis, _ columns: Axis, _ target: UnsafeMutablePointer<Word>
    ) throws {
        let span = (rows.count - 1) * rows.stride + (columns.count - 1) * columns.stride + 1
        if span <= max(4 * rows.count * columns.count, Self.piece) {
            let words = Buffer<Word>(span)
            try source.load(first..<first + span, into: words.pointer)
            for row in 0..<rows.count {
                let (from, to) = (words.pointer + row * rows.stride, target + row * columns.count)
                for column in 0..<columns.count { to[column] = from[column * columns.stride] }
            }
            return withExtendedLifetime(words) {}
        }
        if rows.stride < columns.stride {
            for column in 0..<columns.count {
                try line(first + column * columns.stride, rows, target + column, step: columns.count)
            }
        } else {
            for row in 0..<rows.count {
                try line(first + row * rows.stride, columns, target + row * columns.count, step: 1)
            }
        }
    }

    /// Fills every `step`th element of the target.
    private func line<Word: FixedWidthInteger & BitwiseCopyable>(
        _ first: Int, _ axis: Axis, _ target: UnsafeMutablePointer<Word>, step: Int
    ) throws {
        if axis.stride == 1, step == 1 { return try source.load(first..<first + axis.count, into: target) }
        let most = axis.stride == 0 ? axis.count : axis.stride > Self.reach ? 1 : Self.piece / axis.stride
        let words = Buffer<Word>(min(Self.piece, (axis.count - 1) * axis.stride + 1))
        for done in stride(from: 0, to: axis.count, by: most) {
            let count = min(most, axis.count - done)
            let start = first + done * axis.stride
            try source.load(start..<start + (count - 1) * axis.stride + 1, into: words.pointer)
            for index in 0..<count { target[(done + index) * step] = words.pointer[index * axis.stride] }
        }
        withExtendedLifetime(words) {}
    }
}
