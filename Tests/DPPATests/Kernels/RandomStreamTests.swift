import DPPA
import Foundation
import Testing

@Suite("Random numbers")
struct RandomStreamTests {
    @Test("Philox 4x32-10 gives the known answers that are published with Random123")
    func knownAnswers() {
        let all: UInt32 = 0xffff_ffff
        #expect(
            Philox.block(counter: SIMD4(0, 0, 0, 0), key: SIMD2(0, 0))
                == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
        #expect(
            Philox.block(counter: SIMD4(all, all, all, all), key: SIMD2(all, all))
                == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
        #expect(
            Philox.block(
                counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: SIMD2(0xa409_3822, 0x299f_31d0)
            )
                == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
    }

    /// Box and Muller of the uniform numbers, in float64 by the C library; from any place.
    @Test("Normal numbers are made of pairs of uniform ones")
    func normal() {
        let (uniform, stream) = (
            RandomStream(seed: 5, stream: "gates", tensor: "t"), NormalStream(seed: 5, stream: "gates", tensor: "t")
        )
        let count = 5000
        var pairs = [Float](repeating: 0, count: 2 * count)
        pairs.withUnsafeMutableBufferPointer { uniform.uniform(firstIndex: 0, count: 2 * count, into: $0.baseAddress!) }
        let right = (0..<count).map { index in
            let radius = (-2 * log(1 - Double(pairs[2 * index]))).squareRoot()
            return Float(radius * cos(2 * Double.pi * Double(pairs[2 * index + 1])))
        }
        for (first, size) in [(0, count), (1, 7), (3, 2049), (2047, 2), (17, 1), (4096, 904)] {
            var found = [Float](repeating: .nan, count: size + 1)
            found.withUnsafeMutableBufferPointer {
                stream.normal(firstIndex: first, count: size, into: $0.baseAddress!)
            }
            #expect(found[size].isNaN)
            for (own, number) in zip(found, right[first..<first + size]) {
                #expect(abs(own - number) <= max(1e-6, abs(number) * 2e-7))
            }
        }
        let mean = right.reduce(0, +) / Float(count)
        let variance = right.reduce(0) { $0 + $1 * $1 } / Float(count)
        #expect(abs(mean) < 0.05 && abs(variance - 1) < 0.05)
    }

    private func hash(_ bytes: [UInt8]) -> UInt64 {
        var hash: UInt64 = 14_695_981_039_346_656_037
        for byte in bytes {
            hash ^= UInt64(byte)
            hash = hash.multipliedReportingOverflow(by: 1_099_511_628_211).partialValue
        }
        // One step of SplitMix64 adds its constant before it mixes.
        var generator = SplitMix(hash &- 0x9e37_79b9_7f4a_7c15)
        return generator.next()
    }

    private func naive(_ seed: UInt64, _ stream: String, _ tensor: String, _ index: UInt64) -> Float {
        let seedBytes = (0..<8).map { UInt8(seed >> ($0 * 8) & 255) }
        let (key, name, block) = (hash(seedBytes + Array(stream.utf8)), hash(Array(tensor.utf8)), index / 4)
        func low(_ x: UInt64) -> UInt32 { UInt32(x & 0xffff_ffff) }
        var (c, k) = ([low(block), low(block >> 32), low(name), low(name >> 32)], [low(key), low(key >> 32)])
        for _ in 0..<10 {
            let (a, b) = (UInt64(c[0]) * 0xd251_1f53, UInt64(c[2]) * 0xcd9e_8d57)
            c = [low(b >> 32) ^ c[1] ^ k[0], low(b), low(a >> 32) ^ c[3] ^ k[1], low(a)]
            k = [k[0] &+ 0x9e37_79b9, k[1] &+ 0xbb67_ae85]
        }
        return Float(c[Int(index % 4)] >> 8) * 0x1p-24
    }

    @Test("Element i has the same number from wherever a piece starts, and nothing is written behind it")
    func pieces() {
        let stream = RandomStream(seed: 42, stream: "expert", tensor: "model.layers.0.mlp.up_proj.weight")
        let far = [0, 1 << 20, (1 << 34) - 20, 1 << 40]
        for base in far {
            for (offset, count) in [
                (0, 0), (0, 1), (1, 1), (3, 2), (0, 32), (1, 31), (2, 64), (5, 100), (0, 257), (3, 1),
            ] {
                let first = base + offset
                let output = Tile(count + 1, 9)
                stream.uniform(firstIndex: first, count: count, into: output.start)
                let expected = (0..<count).map {
                    naive(42, "expert", "model.layers.0.mlp.up_proj.weight", UInt64(first + $0))
                }
                #expect(output.values == expected + [9])
            }
        }
    }

    @Test("Seed, stream and tensor each make other numbers, which are evenly spread over 0..<1")
    func distribution() {
        func numbers(_ seed: UInt64, _ stream: String, _ tensor: String) -> [Float] {
            let tile = Tile(100_000)
            RandomStream(seed: seed, stream: stream, tensor: tensor).uniform(
                firstIndex: 0, count: 100_000, into: tile.start)
            return tile.values
        }
        let first = numbers(0, "", "")
        for other in [numbers(1, "", ""), numbers(0, "a", ""), numbers(0, "", "a"), numbers(1 << 63, "", "")] {
            #expect(zip(first, other).count { $0 == $1 } < 10)
        }
        #expect(first.allSatisfy { $0 >= 0 && $0 < 1 })
        let mean = first.reduce(0.0) { $0 + Double($1) } / 100_000
        #expect(abs(mean - 0.5) < 0.005)
        #expect(abs(Double(first.count { $0 < 0.1 }) - 10_000) < 400)
    }
}
