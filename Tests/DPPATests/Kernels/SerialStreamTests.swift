import DPPA
import Dispatch
import Testing

@Suite("The serial stream of random numbers")
struct SerialStreamTests {
    /// MT19937 word by word, as its authors wrote it.
    private struct Textbook {
        var state: [UInt32]
        var index = 624

        init(_ seed: UInt32) {
            state = [seed]
            for i in 1..<624 { state.append(1_812_433_253 &* (state[i - 1] ^ (state[i - 1] >> 30)) &+ UInt32(i)) }
        }

        mutating func next() -> UInt32 {
            if index == 624 {
                for i in 0..<624 {
                    let y = (state[i] & 0x8000_0000) + (state[(i + 1) % 624] & 0x7fff_ffff)
                    state[i] = state[(i + 397) % 624] ^ (y >> 1)
                    if y % 2 != 0 { state[i] ^= 0x9908_b0df }
                }
                index = 0
            }
            var y = state[index]
            index += 1
            y ^= y >> 11
            y ^= (y << 7) & 0x9d2c_5680
            y ^= (y << 15) & 0xefc6_0000
            return y ^ (y >> 18)
        }

        mutating func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(next() & 0xff_ffff) * 0x1p-24 } }
    }

    private func numbers(_ stream: SerialStream, _ first: Int, _ count: Int) -> [Float] {
        let tile = Tile(count + 1, 9)
        stream.uniform(first: first, count: count, into: tile.start)
        #expect(tile.values.last == 9)
        return Array(tile.values.dropLast())
    }

    @Test("The textbook's generator gives the 10000th number that the C++ standard names")
    func oracle() {
        var textbook = Textbook(5489)
        for _ in 0..<9999 { _ = textbook.next() }
        #expect(textbook.next() == 4_123_659_995)
    }

    /// `torch.manual_seed(seed); torch.rand(4)` of torch 2.15.0, times 2^24.
    @Test(
        "Numbers are those of PyTorch on a processor",
        arguments: [
            (42, [14_802_022, 15_351_219, 6_423_388, 16_094_478] as [Float]),
            (7, [8_974_511, 3_335_364, 11_059_737, 11_020_790]),
            (1 << 32 + 7, [8_974_511, 3_335_364, 11_059_737, 11_020_790]),
        ] as [(UInt64, [Float])])
    func pytorch(seed: UInt64, expected: [Float]) {
        #expect(numbers(SerialStream(seed: seed), 0, 4).map { $0 * 0x1p24 } == expected)
    }

    /// With 3 kept, the distance between them doubles again and again.
    @Test(
        "A number is the same from wherever and in whatever order it is asked for", arguments: [(1024, 16384), (2, 3)])
    func anyOrder(spacing: Int, mostKept: Int) {
        var textbook = Textbook(123)
        let expected = textbook.numbers(1_400_000)
        let stream = SerialStream(seed: 123, spacing: spacing, mostKept: mostKept)
        var random = SplitMix(3)
        let places = [1_390_000, 0, 623, 624, 625, 638_975, 638_976, 1247, 1_277_953, 5]
        let counts = [0, 1, 15, 16, 17, 623, 624, 625, 4096]
        for first in places + (0..<200).map({ _ in Int(random.next() % 1_395_000) }) {
            let count = counts[Int(random.next() % UInt64(counts.count))]
            #expect(numbers(stream, first, count) == Array(expected[first..<first + count]), "\(first), \(count)")
        }
    }

    @Test("Threads read it at once")
    func threads() {
        var textbook = Textbook(9)
        let expected = textbook.numbers(800_000)
        let stream = SerialStream(seed: 9, spacing: 8)
        DispatchQueue.concurrentPerform(iterations: 80) { piece in
            let first = (piece * 37 % 80) * 10_000
            #expect(numbers(stream, first, 10_000) == Array(expected[first..<first + 10_000]))
        }
    }
}
