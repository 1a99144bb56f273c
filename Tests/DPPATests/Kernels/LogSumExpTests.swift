import DPPA
import Foundation
import Testing

/// Reductions whose state has several numbers: log Σe^x, and moments, which no reduction has.
@Suite("Reductions of several numbers")
struct LogSumExpTests {
    private func naive(_ x: [Double]) -> Double {
        guard let largest = x.max(), !x.isEmpty else { return 0 }
        guard largest.isFinite else { return largest }
        return largest + log(x.reduce(0) { $0 + exp($1 - largest) })
    }

    private func near(_ a: Double, _ b: Double) -> Bool { a == b || abs(a - b) <= 1e-13 * max(1, abs(a), abs(b)) }

    private func data(_ size: Int, _ seed: UInt64, _ scale: Float) -> [Float] {
        var random = SplitMix(seed)
        return (0..<size).map { _ in random.next() % 50 == 0 ? -.infinity : random.fine() * scale }
    }

    private func numbers(_ op: Accumulation, _ x: [Float], piece: () -> Int) -> [Double] {
        var leaves = [Double](repeating: .nan, count: (x.count + 4095) / 4096 * op.width)
        leaves.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return }
            var accumulator = LeafAccumulator(op, leaves: start)
            withPointer(x, shift: 1) { pointer in
                var done = 0
                while done < x.count {
                    let count = min(x.count - done, piece())
                    accumulator.add(pointer + done, nil, count: count)
                    done += count
                }
            }
            accumulator.finish()
        }
        return op.combine(leaves, leafCount: leaves.count / op.width)
    }

    private func result(_ x: [Float]) -> Double {
        Reduction.logSumExp.finish(numbers(.logSumExp, x) { x.count }, count: x.count)
    }

    @Test("It is the logarithm of the sum, with the same bits in any pieces")
    func leaves() {
        for size in [1, 5, 16, 33, 4096, 4097, 30_000] {
            for scale in [0.01, 1, 80, 1e4, 3e38] as [Float] {
                let x = data(size, UInt64(size), scale)
                let whole = numbers(.logSumExp, x) { size }
                #expect(
                    near(Reduction.logSumExp.finish(whole, count: size), naive(x.map(Double.init))), "\(size) \(scale)")
                var random = SplitMix(1)
                #expect(same(numbers(.logSumExp, x) { 1 + Int(random.next() % 40) }, whole))
                #expect(same(Accumulation.logSumExp.reduce(x.map(Double.init)), whole))
            }
        }
    }

    @Test("Infinities and NaN are those of the sum, and nothing gives 0")
    func specials() {
        let cases: [([Float], Double)] = [
            ([-.infinity], -.infinity), ([-.infinity, -.infinity], -.infinity), ([.infinity], .infinity),
            ([.infinity, -.infinity], .infinity), ([.infinity, .infinity, 3], .infinity), ([-.infinity, 2], 2),
            ([2], 2),
            ([-0x1p100, -0x1p100], -0x1p100), ([0, 0], log(2)), ([1000, 1000], 1000 + log(2)), ([], 0),
        ]
        for (x, expected) in cases {
            for order in [x, x.reversed()] { #expect(near(result(order), expected), "\(order)") }
            // Each of a lane, a leaf or a tensor of its own.
            for distance in [16, 4096] {
                let apart = x.flatMap { [$0] + [Float](repeating: -.infinity, count: distance - 1) }
                #expect(x.isEmpty || near(result(apart), expected), "\(x) \(distance)")
            }
            let states = x.flatMap { Accumulation.logSumExp.reduce([Double($0)]) }
            #expect(near(Reduction.logSumExp.finish(Accumulation.logSumExp.join(states), count: x.count), expected))
        }
        for x in [[Float.nan], [1, .nan, .infinity], [-.infinity, .nan]] {
            #expect(result(x).isNaN && result(x.reversed()).isNaN)
        }
    }

    @Test("Tensors, layers, rows, columns and coarse values, whatever the threads and chunks")
    func scopes() throws {
        let values = EngineTests.values(7)
        let graph = Graph()
        let x = try graph.reinterpret(graph.source(EngineTests.model("a", values)), as: .value)
        let blocks = try graph.restrict(x, "test") { $0.layer != nil }
        let byRow = try graph.reduce(.logSumExp, x, over: .row)
        let byColumn = try graph.reduce(.logSumExp, x, over: .column)
        let nodes = [
            try graph.reduce(.logSumExp, x, over: .tensor), try graph.reduce(.logSumExp, blocks, over: .layer),
            try graph.reduce(.logSumExp, x, over: .model), try graph.reduce(.logSumExp, byRow, over: .tensor),
            try graph.reduce(.logSumExp, byColumn, over: .tensor), try graph.reduce(.mean, byColumn, over: .tensor),
        ]
        func numbers(_ chunk: Int, _ threads: Int) throws -> [[String: Double]] {
            var options = EngineOptions(threads: threads, chunkElements: chunk, tileElements: 2048)
            options.verifiesPrograms = true
            let engine = Engine(graph, options: options)
            try engine.run(nodes)
            return try nodes.map { node in
                Dictionary(uniqueKeysWithValues: (try engine.values(node) ?? []).map { ($0.name, $0.value) })
            }
        }
        let found = try numbers(1 << 16, 2)
        #expect(try numbers(4096, 1) == found)
        func check(_ number: Int, _ name: String, _ expected: Double) {
            #expect(near(found[number][name] ?? .nan, expected), "\(number) \(name)")
        }
        for (name, shape) in EngineTests.shapes {
            let all = (values[name] ?? []).map(Double.init)
            // The rows of a tensor are its samples again, so that both come to the same.
            for number in [0, 3] { check(number, name, naive(all)) }
            let length = shape.last ?? 1
            let columns = (0..<length).map { column in
                naive(stride(from: column, to: all.count, by: length).map { all[$0] })
            }
            // A column of nothing is a sample, a 0.
            check(4, name, naive(columns))
            check(5, name, columns.reduce(0, +) / Double(length))
        }
        for layer in 0..<2 {
            let all = values.filter { $0.key.contains("layers.\(layer).") }.flatMap(\.value)
            check(1, "model.layers.\(layer)", naive(all.map(Double.init)))
        }
        check(2, "", naive(values.values.flatMap { $0 }.map(Double.init)))
    }

    /// Count, mean and Σ(x − mean)², by Welford's step and Chan's join: a state of three numbers.
    private enum Moments: Accumulator {
        struct State: BitwiseCopyable {
            var count = SIMD16<Double>()
            var mean = SIMD16<Double>()
            var squares = SIMD16<Double>()
        }

        static var name: String { "moments" }
        static var neutral: State { State() }

        static func step(_ state: inout State, _ x: SIMD16<Double>, _: SIMD16<Double>) {
            state.count += 1
            let deviation = x - state.mean
            state.mean += deviation / state.count
            state.squares += deviation * (x - state.mean)
        }

        static func join(_ state: inout State, _ next: State) {
            let count = state.count + next.count
            let share = next.count / count.replacing(with: 1, where: count .== 0)
            let difference = next.mean - state.mean
            state.squares += next.squares + difference * difference * state.count * share
            state.mean += difference * share
            state.count = count
        }
    }

    @Test("A state of three numbers, of leaves, columns and states")
    func moments() {
        let op = Accumulation(Moments.self)
        #expect(op.width == 3)
        for (rows, length) in [(1, 1), (7, 5), (200, 33), (130, 48)] {
            var random = SplitMix(UInt64(rows))
            let x = (0..<rows * length).map { _ in random.fine() + 3 }
            func check(_ found: [Double], _ values: [Double]) {
                let mean = values.reduce(0, +) / Double(values.count)
                let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
                #expect(found[0] == Double(values.count) && near(found[1], mean))
                #expect(abs(found[2] - squares) <= 1e-12 * max(1, squares))
            }
            let whole = numbers(op, x) { x.count }
            check(whole, x.map(Double.init))
            #expect(same(numbers(op, x) { 7 }, whole))
            var leaves = [Double](repeating: .nan, count: 3 * length * ((rows + 63) / 64))
            let columns = leaves.withUnsafeMutableBufferPointer { buffer -> [Double] in
                guard let start = buffer.baseAddress else { return [] }
                var accumulator = ColumnAccumulator(op, rowLength: length, rowsPerLeaf: 64, leaves: start)
                withPointer(x) { pointer in
                    for row in 0..<rows { accumulator.add(pointer + row * length, nil, rowCount: 1) }
                }
                accumulator.finish()
                return op.combineColumns(start, leafCount: (rows + 63) / 64, rowLength: length)
            }
            for column in 0..<length {
                check((0..<3).map { columns[$0 * length + column] }, (0..<rows).map { Double(x[$0 * length + column]) })
            }
            let states = (0..<rows).flatMap { row in op.reduce(x[row * length..<(row + 1) * length].map(Double.init)) }
            check(op.join(states), x.map(Double.init))
        }
    }
}
