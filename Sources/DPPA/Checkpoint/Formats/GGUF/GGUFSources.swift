import DPPAKernels
import DPPASupport

/// A tensor that a GGUF file holds in blocks, decoded to float32 where it is read.
///
/// It is written in bfloat16 unless another type is asked for: codes of 8 bits and fewer have no more precision.
struct BlockSource: TensorSource {
    let name: String
    let shape: [Int]
    let code: BlockCode
    /// The place of the first block in the file.
    let offset: Int
    let descriptor: FileDescriptor

    var dtype: DType { .f32 }
    var writtenDType: DType { .bf16 }
    var encoding: String { code.rawValue }

    /// How many elements are decoded at once: their bytes stay in a near cache.
    private static let piece = 1 << 16

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        let (size, out) = (code.elements, buffer.assumingMemoryBound(to: Float.self))
        let bytes = Buffer<UInt8>(Self.piece / size * code.byteSize)
        let edge = Buffer<Float>(size)
        var next = elements.lowerBound
        while next < elements.upperBound {
            let first = next / size
            let end = min((elements.upperBound + size - 1) / size, first + Self.piece / size)
            try descriptor.read(
                (end - first) * code.byteSize, at: offset + first * code.byteSize, into: bytes.pointer, name)
            var block = first
            while block < end {
                let start = block * size
                let target = out + (max(start, elements.lowerBound) - elements.lowerBound)
                let from = UnsafeRawPointer(bytes.pointer) + (block - first) * code.byteSize
                // Blocks that are wanted whole are decoded in place.
                let whole = start < elements.lowerBound ? 0 : min(end, elements.upperBound / size) - block
                if whole > 0 {
                    code.decode(from, blocks: whole, into: target)
                    block += whole
                } else {
                    let part = elements.clamped(to: start..<start + size)
                    code.decode(from, blocks: 1, into: edge.pointer)
                    target.update(from: edge.pointer + (part.lowerBound - start), count: part.count)
                    block += 1
                }
            }
            next = end * size
        }
        // The memory must outlive its use through pointers.
        withExtendedLifetime((bytes, edge)) {}
    }

    func bytesRead(_ elements: Int) -> Int { elements / code.elements * code.byteSize }
}

/// Rows of query and key heads, which llama.cpp keeps in pairs that are rotated together, in the order of transformers.
///
/// Of a head of d rows, row i·d/2 + j, i = 0, 1, is row 2j + i of the file; of a bias an element is a row.
struct HeadRowsSource: TensorSource {
    let source: any TensorSource
    /// The rows of a head, an even number.
    let headSize: Int

    var shape: [Int] { source.shape }
    var dtype: DType { source.dtype }
    var writtenDType: DType { source.writtenDType }
    var encoding: String { source.encoding }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        let columns = shape.dropFirst().reduce(1, *)
        var next = elements.lowerBound
        while next < elements.upperBound {
            let (row, column) = (next / columns, next % columns)
            let count = min(columns - column, elements.upperBound - next)
            let start = place(row) * columns + column
            try source.load(
                start..<start + count, into: buffer + (next - elements.lowerBound) * dtype.byteSize)
            next += count
        }
    }

    func bytesRead(_ elements: Int) -> Int { source.bytesRead(elements) }

    private func place(_ row: Int) -> Int {
        let (head, inner) = (row / headSize * headSize, row % headSize)
        return head + 2 * (inner % (headSize / 2)) + inner / (headSize / 2)
    }
}

/// A tensor with one number added to every element, in float32.
struct ShiftedSource: TensorSource {
    let source: any TensorSource
    let shift: Float

    var shape: [Int] { source.shape }
    var dtype: DType { .f32 }
    var writtenDType: DType { source.writtenDType }
    var encoding: String { source.encoding }

    func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        try source.load(elements, as: .f32, into: buffer)
        let out = buffer.assumingMemoryBound(to: Float.self)
        for index in 0..<elements.count { out[index] += shift }
    }

    func bytesRead(_ elements: Int) -> Int { source.bytesRead(elements) }
}

extension GGUFHeader.Tensor {
    /// The elements, read from the file that the tensor is in.
    func source(_ file: FileDescriptor) -> any TensorSource {
        switch type {
        case .plain(let dtype):
            StoredTensor(name: name, shape: shape, dtype: dtype, offset: offset, descriptor: file)
        case .blocks(let code):
            BlockSource(name: name, shape: shape, code: code, offset: offset, descriptor: file)
        }
    }
}
