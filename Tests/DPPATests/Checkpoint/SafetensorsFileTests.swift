import DPPA
import Foundation
import Testing

/// Whole files: what is none, and what the official package wrote.
@Suite("Safetensors file")
struct SafetensorsFileTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    func refused(_ bytes: [UInt8], _ words: String..., sourceLocation: SourceLocation = #_sourceLocation) {
        expectError(.data, words + ["a.safetensors"], sourceLocation: sourceLocation) {
            _ = try SafetensorsFile(folder.write(bytes, "a.safetensors"))
        }
    }

    @Test("A file of fewer than 8 bytes")
    func tooShort() {
        refused([], "no safetensors file but an empty file")
        refused([1, 2, 3, 4, 5, 6, 7], "no safetensors file", "7 bytes")
    }

    @Test("A header of no bytes")
    func emptyHeader() { refused([UInt8](repeating: 0, count: 8), "expected '{', got the end") }

    @Test("A header that is said to be larger than the format allows")
    func headerTooLarge() {
        refused(
            withUnsafeBytes(of: UInt64(100_000_001).littleEndian, Array.init) + [123], "100000001 bytes",
            "at most 100000000")
        refused([UInt8](repeating: 255, count: 16), "18446744073709551615 bytes", "at most")
    }

    @Test("A header that is said to be longer than the file")
    func headerCut() {
        refused(
            withUnsafeBytes(of: UInt64(3).littleEndian, Array.init) + [123, 125], "3 bytes", "the file has 10",
            "cut short")
    }

    @Test("Nothing there, a directory, a named pipe that nobody writes")
    func noFile() throws {
        expectError(.missingInput, ["none.safetensors", "No such file"]) {
            _ = try SafetensorsFile(folder.path + "/none.safetensors")
        }
        expectError(.missingInput, ["d.safetensors", "no regular file"]) {
            _ = try SafetensorsFile(folder.makeFolder("d.safetensors"))
        }
        let pipe = folder.path + "/p.safetensors"
        #expect(mkfifo(pipe, 0o600) == 0)
        expectError(.missingInput, ["p.safetensors", "no regular file"]) { _ = try SafetensorsFile(pipe) }
    }

    @Test("A refused file is closed once: closing twice would close what another thread has opened since")
    func closesOnce() throws {
        let path = try folder.makeFolder("d.safetensors")
        for _ in 0..<20 {
            errno = 0
            expectError(.missingInput, ["no regular file"]) { _ = try SafetensorsFile(path) }
            #expect(errno != EBADF)
        }
    }

    @Test("A file that becomes shorter after it was opened names file and tensor")
    func shrinks() throws {
        let path = try folder.write(
            safetensors("{\(entry("x", "U8", "[4]", 0, 4)),\(entry("y", "U8", "[4]", 4, 8))}", data: 8), "a.safetensors"
        )
        let file = try SafetensorsFile(path)
        #expect(truncate(path, off_t(try readBytes(path).count - 2)) == 0)
        #expect(try file.tensors[0].bytes() == [0, 1, 2, 3])
        expectError(.inputOutput, ["a.safetensors", "y", "2 bytes early"]) { _ = try file.tensors[1].bytes() }
    }

    @Test("A tensor of no elements, a scalar, and pieces of a tensor")
    func shapes() throws {
        let header =
            "{\(entry("none", "F32", "[3,0]", 0, 0)),\(entry("one", "F32", "[]", 0, 4)),\(entry("some", "I16", "[2,2]", 4, 12))}"
        let file = try SafetensorsFile(folder.write(safetensors(header, data: 12), "a.safetensors"))
        #expect(file.tensors.map(\.shape) == [[3, 0], [], [2, 2]])
        #expect(try file.tensors.map { try $0.bytes() } == [[], [0, 1, 2, 3], [4, 5, 6, 7, 8, 9, 10, 11]])
        var piece = [UInt8](repeating: 0, count: 4)
        try piece.withUnsafeMutableBytes { try file.tensors[2].load(1..<3, into: #require($0.baseAddress)) }
        #expect(piece == [6, 7, 8, 9])
        #expect(try SafetensorsFile(folder.write(safetensors("{}"), "b.safetensors")).tensors.isEmpty)
    }

    @Test(
        "A file of the official package reads as it was written: every dtype, no elements, scalars, names that need escapes"
    )
    func official() throws {
        let listing = try JSONSerialization.jsonObject(with: Data(readBytes(fixtures + "/official/tensors.json")))
        let expected = try #require(listing as? [[String: Any]])
        let checkpoint = try OpenModel(at: fixtures + "/official/tensors.safetensors", label: "official")
        #expect(checkpoint.tensors.count == expected.count && expected.count >= 20)
        for tensor in expected {
            let name = try #require(tensor["name"] as? String)
            let found = try #require(checkpoint[name], "\(name)")
            #expect(found.source.dtype.rawValue == tensor["dtype"] as? String)
            #expect(found.facts.shape == tensor["shape"] as? [Int] && found.source.shape == found.facts.shape)
            let bytes = try found.source.bytes()
            #expect(bytes.map { String(format: "%02x", $0) }.joined() == tensor["bytes"] as? String, "\(name)")
        }
        // Powers of two that scale other tensors came later than this file.
        let known = DType.allCases.filter { $0 != .f8E8M0 }.map(\.rawValue)
        #expect(Set(expected.compactMap { $0["dtype"] as? String }) == Set(known))
    }
}
