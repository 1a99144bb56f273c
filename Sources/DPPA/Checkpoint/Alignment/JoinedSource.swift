import DPPAKernels
import DPPASupport

/// A tensor made of pieces of others, one after the other in row-major order: the first rows of one, rows of two, a slice of a
/// stack, a stack of slices, a sample of blocks.
///
/// Pieces of one type are handed over as they are stored; pieces of different types are decoded to float32, which holds all of
/// them but float64 exactly.
package struct JoinedSource: TensorSource {
    package struct Piece: Sendable {
        var source: any TensorSource
        /// The flat indices of its elements.
        var elements: Range<Int>

        package init(source: any TensorSource, elements: Range<Int>) {
            (self.source, self.elements) = (source, elements)
        }
    }

    package let shape: [Int]
    package let dtype: DType
    package let writtenDType: DType
    package let encoding: String
    private let pieces: [Piece]
    /// The flat index of each piece's first element.
    private let starts: [Int]
    /// How many elements there are, and the bytes that reading all of them takes.
    private let size: (elements: Int, bytes: Int)

    /// Pieces that together have as many elements as the shape.
    package init(_ pieces: [Piece], shape: [Int]) {
        let pieces = pieces.filter { !$0.elements.isEmpty }
        let types = Set(pieces.map(\.source.dtype))
        let (written, encodings) = (Set(pieces.map(\.source.writtenDType)), Set(pieces.map(\.source.encoding)))
        self.shape = shape
        self.pieces = pieces
        dtype = types.count == 1 ? pieces[0].source.dtype : .f32
        writtenDType = written.count == 1 ? pieces[0].source.writtenDType : dtype
        encoding = encodings.isEmpty ? dtype.rawValue : encodings.sorted().joined(separator: " ")
        var starts: [Int] = []
        var next = 0
        for piece in pieces {
            starts.append(next)
            next += piece.elements.count
        }
        self.starts = starts
        size = (next, pieces.reduce(0) { $0 + $1.source.bytesRead($1.elements.count) })
    }

    package func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        guard !elements.isEmpty else { return }
        var index = piece(of: elements.lowerBound)
        while index < pieces.count, starts[index] < elements.upperBound {
            let (piece, start) = (pieces[index], starts[index])
            let part = elements.clamped(to: start..<start + piece.elements.count)
            let first = piece.elements.lowerBound + part.lowerBound - start
            let target = buffer + (part.lowerBound - elements.lowerBound) * dtype.byteSize
            try piece.source.load(first..<first + part.count, as: dtype, into: target)
            index += 1
        }
    }

    /// The piece that an element is in: a vocabulary may have one for every row.
    private func piece(of element: Int) -> Int {
        var (low, high) = (0, pieces.count)
        while low + 1 < high {
            let middle = (low + high) / 2
            if starts[middle] <= element { low = middle } else { high = middle }
        }
        return low
    }

    package func bytesRead(_ elements: Int) -> Int {
        size.elements == 0 ? 0 : Int(Double(size.bytes) * Double(elements) / Double(size.elements))
    }
}

/// A tensor of zeros.
struct ZeroSource: TensorSource {
    let shape: [Int]
    let dtype: DType
    /// The type that what they stand in is written in; nil for their own.
    var written: DType?

    var writtenDType: DType { written ?? dtype }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        buffer.initializeMemory(as: UInt8.self, repeating: 0, count: elements.count * dtype.byteSize)
    }

    func bytesRead(_ elements: Int) -> Int { 0 }
}

extension TensorSource {
    /// Some elements in their own type, or else in float32.
    func load(_ elements: Range<Int>, as type: DType, into target: UnsafeMutableRawPointer) throws {
        guard dtype != type else { return try load(elements, into: target) }
        let bytes = Buffer<UInt8>(elements.count * dtype.byteSize)
        try load(elements, into: bytes.pointer)
        DTypeConversion.decode(
            bytes.pointer, as: dtype, into: target.assumingMemoryBound(to: Float.self), count: elements.count)
        // The buffer must outlive its use through the pointer.
        withExtendedLifetime(bytes) {}
    }

    /// All elements as one piece of something larger.
    var whole: JoinedSource.Piece { JoinedSource.Piece(source: self, elements: 0..<shape.reduce(1, *)) }

    /// Whether another tensor has the same shape, type and bytes.
    ///
    /// Reads both. Throws what reading throws.
    package func hasBytes(of other: any TensorSource) throws -> Bool {
        guard shape == other.shape, dtype == other.dtype else { return false }
        let count = shape.reduce(1, *)
        let (left, right) = (
            Buffer<UInt8>(min(count, 1 << 18) * dtype.byteSize), Buffer<UInt8>(min(count, 1 << 18) * dtype.byteSize)
        )
        for start in stride(from: 0, to: count, by: 1 << 18) {
            let range = start..<min(count, start + 1 << 18)
            try load(range, into: left.pointer)
            try other.load(range, into: right.pointer)
            let bytes = range.count * dtype.byteSize
            let isEqual = UnsafeRawBufferPointer(start: left.pointer, count: bytes).elementsEqual(
                UnsafeRawBufferPointer(start: right.pointer, count: bytes))
            guard isEqual else { return false }
        }
        return true
    }
}
