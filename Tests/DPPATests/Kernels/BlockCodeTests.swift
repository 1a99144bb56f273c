import DPPA
import Testing

/// Blocks of GGUF files are the numbers that the Python package `gguf` makes of them; `Fixtures/gguf/generate.py` asked it.
@Suite("Block codes")
struct BlockCodeTests {
    @Test("Every type, bit by bit, subnormal scales among them")
    func agreesWithPackage() throws {
        let file = try readBytes(fixtures + "/gguf/blocks.bin")
        var start = 0
        for code in BlockCode.allCases {
            let blocks = 512 / code.elements
            let size = blocks * code.byteSize
            let expected = (0..<512).map { index in
                file[start + size + 4 * index..<start + size + 4 * index + 4].reversed().reduce(UInt32(0)) {
                    $0 << 8 | UInt32($1)
                }
            }
            // One byte further than any alignment would have it.
            let found = decode([0] + file[start..<start + size], from: 1, code, blocks)
            #expect(found.map(\.bitPattern) == expected, "\(code)")
            start += size + 2048
        }
        #expect(start == file.count)
    }

    @Test("A scale that is infinite or NaN makes its block so, and -0 stays")
    func specialScales() {
        for (bits, isExpected) in [
            (0x7C00, { $0 == .infinity }), (0xFC00, { $0 == -.infinity }), (0x7E00, \.isNaN),
            (0x8000, { $0 == 0 && $0.sign == .minus }), (0x0001, { $0 == 0x1p-24 }), (0x3C00, { $0 == 1 }),
        ] as [(UInt16, (Float) -> Bool)] {
            let found = decode(little(bits) + [UInt8](repeating: 1, count: 32), from: 0, .q80, 1)
            #expect(found.allSatisfy(isExpected), "\(bits): \(found[0])")
        }
    }

    private func decode(_ bytes: [UInt8], from start: Int, _ code: BlockCode, _ blocks: Int) -> [Float] {
        var floats = [Float](repeating: 0, count: blocks * code.elements)
        floats.withUnsafeMutableBufferPointer { out in
            bytes.withUnsafeBytes { bytes in
                guard let from = bytes.baseAddress, let to = out.baseAddress else { return }
                code.decode(from + start, blocks: blocks, into: to)
            }
        }
        return floats
    }
}
