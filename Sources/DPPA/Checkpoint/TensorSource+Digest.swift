import DPPASupport

extension TensorSource {
    /// The digest of all elements as they are handed over, read once by the calling thread.
    package func digest() throws -> Digest {
        let (count, size, stream) = (shape.reduce(1, *), dtype.byteSize, StreamDigest())
        let piece = 1 << 18
        let buffer = Buffer<UInt8>(min(count, piece) * size)
        for start in stride(from: 0, to: count, by: piece) {
            let part = start..<min(count, start + piece)
            try load(part, into: buffer.pointer)
            stream.add(UnsafeRawBufferPointer(start: buffer.pointer, count: part.count * size), at: start * size)
        }
        guard let digest = stream.finish() else {
            throw DPPAError(.internalFault, "a tensor of \(count) elements was not read whole")
        }
        return digest
    }
}
