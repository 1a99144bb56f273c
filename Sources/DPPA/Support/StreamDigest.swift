import Synchronization

/// The digest of bytes that come in pieces, in any order and from several threads: those of a tensor, of a file.
package final class StreamDigest: Sendable {
    /// A block whose bytes come in several pieces.
    fileprivate struct Seam {
        var bytes = [UInt8](repeating: 0, count: Digest.blockSize)
        var filled = 0
        /// Behind the last byte that has come.
        var end = 0
    }

    fileprivate struct State {
        var sum: UInt128 = 0
        var count = 0
        var seams: [Int: Seam] = [:]
    }

    private let state = Mutex(State())

    /// Of no bytes yet.
    package init() {}

    /// Takes a piece, whose first byte is at an offset from the start; no byte comes twice.
    package func add(_ piece: UnsafeRawBufferPointer, at offset: Int) {
        guard let bytes = piece.baseAddress, !piece.isEmpty else { return }
        let (size, end) = (Digest.blockSize, offset + piece.count)
        let whole = (offset + size - 1) / size..<max((offset + size - 1) / size, end / size)
        var sum: UInt128 = 0
        for block in whole { sum &+= Digest.hash(bytes + (block * size - offset), size, seed: block) }
        let head = offset..<min(end, whole.lowerBound * size)
        let tail = max(offset, min(end, whole.upperBound * size))..<end
        state.withLock { state in
            state.sum &+= sum
            state.count += piece.count
            for part in [head, tail] where !part.isEmpty { state.join(bytes + (part.lowerBound - offset), part) }
        }
    }

    /// Takes what another has taken, which came one after the other and whose offsets are from the same start.
    package func add(_ other: StreamDigest) {
        let parts = other.state.withLock { $0 }
        state.withLock { state in
            state.sum &+= parts.sum
            state.count += parts.count
            for (block, seam) in parts.seams {
                let (first, start) = (seam.end - seam.filled, block * Digest.blockSize)
                seam.bytes.withUnsafeBytes { bytes in
                    guard let bytes = bytes.baseAddress else { return }
                    state.join(bytes + first, start + first..<start + seam.end)
                }
            }
        }
    }

    /// Tells another process what was taken.
    package func put(into message: inout Message) {
        let parts = state.withLock { $0 }
        message.put(parts.sum)
        message.put(parts.count)
        message.put(parts.seams.count)
        for (block, seam) in parts.seams {
            message.put([block, seam.filled, seam.end])
            message.put(seam.bytes)
        }
    }

    /// Takes what another process has taken, in pieces that this one has not.
    package func add(_ message: inout Message) throws {
        let (sum, count): (UInt128, Int) = (try message.take(), try message.take())
        state.withLock { state in
            state.sum &+= sum
            state.count += count
        }
        for _ in 0..<(try message.take(Int.self)) {
            let (place, bytes): ([Int], [UInt8]) = (try message.takeList(), try message.takeList())
            guard place.count == 3, place[1] <= place[2], place[2] <= bytes.count, bytes.count == Digest.blockSize
            else {
                throw DPPAError(.internalFault, "another rank tells of no block")
            }
            let (first, start) = (place[2] - place[1], place[0] * Digest.blockSize)
            state.withLock { state in
                bytes.withUnsafeBytes { bytes in
                    guard let bytes = bytes.baseAddress else { return }
                    state.join(bytes + first, start + first..<start + place[2])
                }
            }
        }
    }

    /// The digest of all bytes; nil when some between them have not come.
    package func finish() -> Digest? {
        state.withLock { state in
            let (last, length) = (state.count / Digest.blockSize, state.count % Digest.blockSize)
            guard length > 0 else { return state.seams.isEmpty ? Digest(sum: state.sum, count: state.count) : nil }
            guard state.seams.count == 1, let seam = state.seams[last], seam.filled == length, seam.end == length
            else { return nil }
            let hash = seam.bytes.withUnsafeBytes { bytes in
                bytes.baseAddress.map { Digest.hash($0, length, seed: last) } ?? 0
            }
            return Digest(sum: state.sum &+ hash, count: state.count)
        }
    }
}

extension StreamDigest.State {
    /// Takes a part of one block.
    fileprivate mutating func join(_ bytes: UnsafeRawPointer, _ part: Range<Int>) {
        let block = part.lowerBound / Digest.blockSize
        let start = part.lowerBound - block * Digest.blockSize
        var seam = seams.removeValue(forKey: block) ?? StreamDigest.Seam()
        seam.bytes.withUnsafeMutableBytes { target in
            target[start..<start + part.count].copyBytes(
                from: UnsafeRawBufferPointer(start: bytes, count: part.count))
        }
        seam.filled += part.count
        seam.end = max(seam.end, start + part.count)
        guard seam.filled == Digest.blockSize else { return seams[block] = seam }
        sum &+= seam.bytes.withUnsafeBytes { bytes in
            bytes.baseAddress.map { Digest.hash($0, Digest.blockSize, seed: block) } ?? 0
        }
    }
}
