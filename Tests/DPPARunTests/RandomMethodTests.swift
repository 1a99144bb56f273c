import DPPA
import DPPAScript
import Foundation
import Testing

/// Methods with random masks: what share they keep, that what they keep makes up for the rest, and on what it does not depend.
@Suite struct RandomMethodTests {
    static let (rows, columns) = (512, 64)
    static let name = "model.layers.0.mlp.up_proj.weight"

    /// A base of zeros; experts whose rows hold 1 … 64 in some order, times a scale, so that a rank is a value.
    private func models(in scratch: Scratch) throws {
        func value(_ index: Int, _ step: Int) -> Float { Float(index * step % Self.columns + 1) / 64 }
        let count = Self.rows * Self.columns
        let other = "model.layers.1.mlp.up_proj.weight"
        for (label, step) in [("base", 0), ("one", 5), ("two", 11)] {
            let values: [Float] = (0..<count).map { step == 0 ? 0 : value($0, step) }
            try EdgeCaseTests.write(
                scratch, label,
                [(Self.name, [Self.rows, Self.columns], values), (other, [Self.rows, Self.columns], values)])
        }
    }

    private func merged(
        _ method: String, _ options: [String: String], experts: [String] = ["one"],
        engine: EngineOptions = EngineOptions(threads: 2), in scratch: Scratch
    ) throws -> Written {
        let models = MergeMethods.models(
            method, base: scratch.path + "/base", experts: experts.map { scratch.path + "/" + $0 })
        let fixed = ["lambda": "1"].merging(options) { $1 }
        return try run(
            "\(Folders.recipes)/\(method).lua", models.merging(fixed) { $1 }, engine: engine, in: scratch
        ).model
    }

    /// The probability that the element of a rank, from 0, stays.
    private func probability(_ method: String, _ rank: Int) -> Double {
        method.hasPrefix("della") ? 0.6 - 0.3 + 0.6 * Double(rank) / Double(Self.columns - 1) : 0.6
    }

    static let options = [
        "dare": ["rate": "0.4"], "dare_ties": ["rate": "0.4"],
        "della": ["density": "0.6", "epsilon": "0.3"], "della_linear": ["density": "0.6", "epsilon": "0.3"],
    ]

    @Test(arguments: ["dare", "dare_ties", "della", "della_linear"])
    func everyRankIsKeptAsOftenAsItsProbabilitySays(method: String) throws {
        let scratch = try Scratch()
        try models(in: scratch)
        let more = ["rescale": "none", "seed": "3"].merging(Self.options[method] ?? [:]) { $1 }
        let kept = try merged(method, more, in: scratch).floats(Self.name)
        var counts = [Int](repeating: 0, count: Self.columns)
        for value in kept where value != 0 { counts[Int((value * 64).rounded()) - 1] += 1 }
        let trials = Double(Self.rows)
        for (rank, count) in counts.enumerated() {
            let p = probability(method, rank)
            let deviation = (trials * p * (1 - p)).squareRoot()
            #expect(abs(Double(count) - trials * p) <= 5 * deviation, "rank \(rank): \(count)")
        }
        let expected = (0..<Self.columns).map { probability(method, $0) * trials }.reduce(0, +)
        #expect(abs(Double(counts.reduce(0, +)) - expected) < 5 * (expected * 0.4).squareRoot())
    }

    @Test(arguments: ["dare", "della_linear"])
    func whatIsKeptMakesUpForTheRest(method: String) throws {
        let scratch = try Scratch()
        try models(in: scratch)
        let values = try merged(method, Self.options[method] ?? [:], in: scratch).floats(Self.name)
        // Of each rank: the mean of d / p with probability p, else 0, is d; its variance d² (1 - p) / p.
        var sums = [Double](repeating: 0, count: Self.columns)
        let inputs = try Written(scratch.path + "/one").floats(Self.name)
        for (value, input) in zip(values, inputs) {
            let rank = Int((input * 64).rounded()) - 1
            sums[rank] += Double(value)
            let right = Double(input) / probability(method, rank)
            #expect(value == 0 || abs(Double(value) - right) < 1e-6 * right)
        }
        for (rank, sum) in sums.enumerated() {
            let (d, p) = (Double(rank + 1) / 64, probability(method, rank))
            let deviation = d * ((1 - p) / p / Double(Self.rows)).squareRoot()
            #expect(abs(sum / Double(Self.rows) - d) < 5 * deviation, "rank \(rank)")
        }
    }

    @Test(arguments: ["dare", "dare_ties", "della", "della_linear"])
    func masksDependOnSeedTensorAndExpertAlone(method: String) throws {
        let scratch = try Scratch()
        try models(in: scratch)
        let options = Self.options[method] ?? [:]
        let first = try merged(method, options, in: scratch)
        for (threads, tile) in [(1, 256), (3, 2048), (7, 16384)] {
            let engine = EngineOptions(threads: threads, chunkElements: tile * 4, tileElements: tile)
            let again = try merged(method, options, engine: engine, in: scratch)
            #expect(again.tensors.mapValues(\.bytes) == first.tensors.mapValues(\.bytes))
        }
        let beside = try merged(
            method, options.merging(["weights": "1,0"]) { $1 }, experts: ["one", "two"], in: scratch)
        #expect(beside.tensors[Self.name]?.bytes == first.tensors[Self.name]?.bytes)
        let seed = try merged(method, options.merging(["seed": "1"]) { $1 }, in: scratch)
        let tensors = first.tensors.keys.sorted()
        let different = [
            (seed.floats(tensors[0]), first.floats(tensors[0])), (first.floats(tensors[1]), first.floats(tensors[0])),
        ]
        for (a, b) in different {
            // Independent masks agree in about the half of the elements: p² + (1 - p)².
            let same = zip(a, b).count { ($0 == 0) == ($1 == 0) }
            #expect((0.45...0.7).contains(Double(same) / Double(a.count)))
        }
    }
}
