import DPPA
import Testing

@Suite("Pieces one after the other") struct JoinedSourceTests {
    @Test("Every range is the same as cut out of the whole, with empty pieces and two types")
    func ranges() throws {
        let one = ArraySource(shape: [6], values: [0, 1, 2, 3, 4, 5])
        let two = ArraySource(shape: [3], values: [10, 11, 12])
        let joined = JoinedSource(
            [
                .init(source: one, elements: 4..<6), .init(source: two, elements: 1..<1),
                .init(source: two, elements: 0..<3),
                .init(source: one, elements: 0..<1), .init(source: one, elements: 2..<4),
            ], shape: [4, 2])
        let all: [Float] = [4, 5, 10, 11, 12, 0, 2, 3]
        for start in 0...8 {
            for end in start...8 {
                var values = [Float](repeating: -1, count: end - start)
                try values.withUnsafeMutableBytes { bytes in
                    guard let target = bytes.baseAddress else { return }
                    try joined.load(start..<end, into: target)
                }
                #expect(values == Array(all[start..<end]))
            }
        }
        #expect(joined.bytesRead(8) == 32 && joined.bytesRead(0) == 0)
        #expect(JoinedSource([], shape: [0, 2]).bytesRead(0) == 0)
    }
}
