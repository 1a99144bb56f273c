import DPPA
import Foundation
import Testing

/// Digests against the Python package xxhash: see Fixtures/digest.
@Suite struct DigestTests {
    private func sequence(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ $0 / 256 &+ count) }
    }

    private func expected() throws -> [Int: String] {
        let data = try Data(contentsOf: URL(fileURLWithPath: fixtures + "/digest/digests.json"))
        let texts = try #require(try JSONSerialization.jsonObject(with: data) as? [String: String])
        return Dictionary(uniqueKeysWithValues: texts.compactMap { entry in Int(entry.key).map { ($0, entry.value) } })
    }

    @Test func digestsAreThoseOfAnotherProgram() throws {
        let expected = try expected()
        #expect(expected.count == 11)
        for (count, digest) in expected { #expect(Digest.of(sequence(count)).description == digest, "\(count)") }
    }

    @Test(arguments: [1, 7, 64, 4095, 4096, 5000, 100_000])
    func piecesInAnyOrderGiveTheSame(_ piece: Int) throws {
        for (count, digest) in try expected() where count < 20_000 || piece > 4000 {
            let (bytes, stream) = (sequence(count), StreamDigest())
            var starts = Array(stride(from: 0, to: count, by: piece))
            var random = Lehmer(UInt64(piece))
            starts.shuffle(using: &random)
            for start in starts {
                bytes[start..<min(count, start + piece)].withUnsafeBytes { stream.add($0, at: start) }
            }
            #expect(stream.finish()?.description == digest, "\(count) bytes in pieces of \(piece)")
        }
    }

    @Test func whatAnotherHasTakenIsTakenAsAWhole() {
        let bytes = sequence(20_000)
        // Within a block, over seams, at seams.
        for part in [1..<2, 100..<5000, 4096..<8192, 4095..<12_289, 8192..<19_999, 5000..<5000] {
            let (stream, other) = (StreamDigest(), StreamDigest())
            bytes[..<part.lowerBound].withUnsafeBytes { stream.add($0, at: 0) }
            for start in stride(from: part.lowerBound, to: part.upperBound, by: 3000) {
                bytes[start..<min(start + 3000, part.upperBound)].withUnsafeBytes { other.add($0, at: start) }
            }
            stream.add(other)
            bytes[part.upperBound...].withUnsafeBytes { stream.add($0, at: part.upperBound) }
            #expect(stream.finish() == Digest.of(bytes), "\(part)")
        }
    }

    @Test func aGapIsNoDigest() {
        let bytes = sequence(10_000)
        for gap in [0..<1, 4095..<4096, 4096..<8192, 5000..<5001, 9000..<9999] {
            let stream = StreamDigest()
            bytes[..<gap.lowerBound].withUnsafeBytes { stream.add($0, at: 0) }
            bytes[gap.upperBound...].withUnsafeBytes { stream.add($0, at: gap.upperBound) }
            #expect(stream.finish() == nil, "\(gap)")
        }
    }

    @Test func everyByteAndEveryPlaceCounts() {
        let bytes = sequence(9000)
        var digests: Set<Digest> = [Digest.of(bytes), Digest.of(Array(bytes.dropLast())), Digest.of(bytes + [0])]
        for place in stride(from: 0, to: 9000, by: 450) {
            var other = bytes
            other[place] ^= 1
            digests.insert(Digest.of(other))
        }
        // Two blocks that change places.
        digests.insert(Digest.of(Array(bytes[4096..<8192] + bytes[0..<4096] + bytes[8192...])))
        #expect(digests.count == 24)
    }

    @Test func aDigestReadsBack() {
        let digest = Digest.of([1, 2, 3])
        #expect(Digest(digest.description) == digest)
        for text in ["", "12", "+" + String(repeating: "a", count: 31), String(repeating: "g", count: 32)] {
            #expect(Digest(text) == nil)
        }
    }

    @Test func aFileHasTheDigestOfItsBytes() throws {
        let folder = try TestFolder()
        let bytes = sequence(9_000_001)
        try folder.write(bytes, "über")
        for threads in [1, 3] {
            let file = try FileDigest(reading: folder.path + "/über", name: "ü", threads: threads)
            #expect(file.size == bytes.count && file.digest == Digest.of(bytes))
        }
        try folder.write([UInt8](), "empty")
        #expect(
            try FileDigest(reading: folder.path + "/empty", name: "empty", threads: 2).digest == Digest.of([]))
    }
}
