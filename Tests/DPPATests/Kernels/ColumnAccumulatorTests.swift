import DPPA
import Testing

@Suite("Column reductions")
struct ColumnAccumulatorTests {
    private func columns(
        _ op: Accumulation, _ x: [Float], _ y: [Float], _ rows: Int, _ length: Int, _ perLeaf: Int, pieces: () -> Int
    ) -> [Double] {
        let leafCount = (rows + perLeaf - 1) / perLeaf
        var leaves = [Double](repeating: .nan, count: max(1, leafCount * length))
        return leaves.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return [] }
            var accumulator = ColumnAccumulator(op, rowLength: length, rowsPerLeaf: perLeaf, leaves: start)
            withPointer(x, shift: 1) { x0 in
                withPointer(y, shift: 2) { y0 in
                    var row = 0
                    while row < rows {
                        let piece = min(rows - row, pieces())
                        accumulator.add(x0 + row * length, op == .dot ? y0 + row * length : nil, rowCount: piece)
                        row += piece
                    }
                }
            }
            accumulator.finish()
            return op.combineColumns(start, leafCount: leafCount, rowLength: length)
        }
    }

    private func naive(_ op: Accumulation, _ x: [Double], _ y: [Double], _ perLeaf: Int) -> Double {
        let naive = accumulations[op] ?? NaiveAccumulation(start: .nan)
        var leaves: [Double] = []
        for first in stride(from: 0, to: x.count, by: perLeaf) {
            let terms = (first..<min(x.count, first + perLeaf)).map { naive.term(x[$0], y[$0]) }
            leaves.append(terms.dropFirst().reduce(terms[0], naive.join))
        }
        while leaves.count > 1 {
            leaves = stride(from: 0, to: leaves.count, by: 2).map {
                $0 + 1 < leaves.count ? naive.join(leaves[$0], leaves[$0 + 1]) : leaves[$0]
            }
        }
        return leaves.first ?? 0
    }

    @Test("Columns equal the scheme written down naively, in any pieces", arguments: accumulationsOfOneNumber)
    func columns(op: Accumulation) {
        for (rows, length, perLeaf) in [(1, 1, 64), (5, 7, 2), (64, 16, 64), (65, 17, 64), (200, 40, 16), (97, 33, 8)] {
            for hasNaN in [false, true] {
                var random = SplitMix(UInt64(rows))
                let x = awkward(rows * length, seed: 3).map { hasNaN || $0.isFinite ? $0 : random.fine() }
                let y = (0..<rows * length).map { _ in random.fine() }
                let expected = (0..<length).map { column in
                    let indices = (0..<rows).map { $0 * length + column }
                    return naive(op, indices.map { Double(x[$0]) }, indices.map { Double(y[$0]) }, perLeaf)
                }
                let whole = columns(op, x, y, rows, length, perLeaf) { rows }
                #expect(zip(whole, expected).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) })
                #expect(same(columns(op, x, y, rows, length, perLeaf) { 1 }, whole))
                #expect(same(columns(op, x, y, rows, length, perLeaf) { Int(random.next() % 9) }, whole))
            }
        }
    }

    @Test("No rows give zeros")
    func nothing() {
        #expect(columns(.maximum, [], [], 0, 3, 64) { 1 } == [0, 0, 0])
    }

    @Test("The rows of a leaf are a power of two of at least 64, for at most 64 leaves")
    func rowsPerLeaf() {
        for rows in [0, 1, 63, 64, 4095, 4096, 4097, 8192, 8193, 11_008, 128_256, 1_000_000] {
            var expected = 64
            while expected * 64 < rows { expected *= 2 }
            #expect(ColumnAccumulator.rowsPerLeaf(rowCount: rows) == expected)
        }
    }
}
