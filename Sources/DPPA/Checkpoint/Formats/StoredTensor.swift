import DPPAKernels

/// A tensor whose elements stand in a file as they are, one after the other; read by position, so that threads can share it.
package struct StoredTensor: TensorSource {
    package let name: String
    package let shape: [Int]
    package let dtype: DType
    /// The place of the first element in the file, in bytes.
    let offset: Int
    let descriptor: FileDescriptor

    /// Where it stands.
    package var place: FileRange {
        FileRange(path: descriptor.path, bytes: offset..<offset + shape.reduce(dtype.byteSize, *))
    }

    package func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {
        try descriptor.read(
            elements.count * dtype.byteSize, at: offset + elements.lowerBound * dtype.byteSize, into: buffer, name)
    }
}
