import DPPASupport
import Dispatch
import Synchronization

/// A file by its name, its size and the digest of its bytes.
package struct FileDigest: Hashable, Sendable {
    package var name: String
    package var size: Int
    package var digest: Digest

    package init(name: String, size: Int, digest: Digest) {
        (self.name, self.size, self.digest) = (name, size, digest)
    }

    /// Bytes that are read at once, by each thread.
    private static let piece = 4 << 20

    /// The digest of a file as it lies there, read by some threads.
    ///
    /// Throws what reading throws; `advance` is told of bytes that have been read, and may throw to end it.
    package init(
        reading path: String, name: String, threads: Int, advance: @escaping @Sendable (Int) throws -> Void = { _ in }
    ) throws {
        let file = try FileDescriptor(path)
        let size = try file.size()
        let stream = StreamDigest()
        let failure = Mutex<(any Error)?>(nil)
        let next = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: max(1, min(threads, (size + Self.piece - 1) / Self.piece))) { _ in
            let buffer = Buffer<UInt8>(min(size, Self.piece))
            while failure.withLock({ $0 }) == nil {
                let start = next.wrappingAdd(1, ordering: .relaxed).oldValue * Self.piece
                guard start < size else { return }
                let count = min(Self.piece, size - start)
                do {
                    try file.read(count, at: start, into: buffer.pointer, nil)
                    stream.add(UnsafeRawBufferPointer(start: buffer.pointer, count: count), at: start)
                    try advance(count)
                } catch { failure.withLock { $0 = $0 ?? error } }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        guard let digest = stream.finish() else {
            throw DPPAError(.internalFault, "\(path) was not read whole")
        }
        self.init(name: name, size: size, digest: digest)
    }
}
