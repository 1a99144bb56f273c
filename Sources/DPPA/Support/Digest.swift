import CXXHash

/// 128 bits that tell one sequence of bytes from another.
///
///     D(b) = XXH3(s ‖ n, 0),   s = Σ XXH3(b[4096 k ..< 4096 (k + 1)], k)  mod 2^128
///
/// XXH3(·, seed) is XXH3_128bits_withSeed, n the number of bytes as 64 bits and s as 128 bits, the lowest byte first; the last
/// block may be shorter, and of no bytes s is 0. As a sum it can be made of pieces in any order, and by several threads. It is
/// for finding what has changed: somebody who wants two sequences of one digest can make them.
package struct Digest: Hashable, Sendable, BitwiseCopyable {
    package let value: UInt128

    /// How many bytes a block has.
    static let blockSize = 4096

    init(sum: UInt128, count: Int) {
        let words = (
            UInt64(truncatingIfNeeded: sum).littleEndian, UInt64(truncatingIfNeeded: sum >> 64).littleEndian,
            UInt64(count).littleEndian
        )
        value = withUnsafeBytes(of: words) { bytes in
            bytes.baseAddress.map { Digest.hash($0, bytes.count, seed: 0) } ?? 0
        }
    }

    /// The digest of bytes that are all at hand.
    package static func of(_ bytes: [UInt8]) -> Digest {
        let stream = StreamDigest()
        bytes.withUnsafeBytes { stream.add($0, at: 0) }
        return stream.finish() ?? Digest(sum: 0, count: 0)
    }

    /// A digest as `description` writes it; nil for every other text.
    package init?(_ text: String) {
        guard text.utf8.count == 32, !text.hasPrefix("+"), let value = UInt128(text, radix: 16) else { return nil }
        self.value = value
    }

    @inline(__always)
    static func hash(_ bytes: UnsafeRawPointer, _ count: Int, seed: Int) -> UInt128 {
        let hash = cxxhash_bytes(bytes, count, UInt64(seed))
        return UInt128(hash.high) << 64 | UInt128(hash.low)
    }
}

extension Digest: CustomStringConvertible {
    /// 32 hexadecimal digits.
    package var description: String { value.hexadecimal }
}
