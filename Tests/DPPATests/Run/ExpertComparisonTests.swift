import DPPA
import Foundation
import Testing

/// Experts beside their base and each other, against plain loops in float64.
@Suite struct ExpertComparisonTests {
    typealias Tensors = CheckpointDifferenceTests.Tensors

    /// A base, and an expert of it that moves a share of the elements by little.
    static func expert(_ base: Tensors, seed: UInt64, step: Float = 0.05, common: UInt64? = nil) -> Tensors {
        var random = Lehmer(seed)
        var shared = Lehmer(common ?? 1)
        return base.map { tensor in
            let (moves, same) = (random.floats(tensor.values.count), shared.floats(tensor.values.count))
            let values = tensor.values.indices.map { index in
                // A third stays, and many moves are equal, so that the tenth ends among equals.
                let own = index % 3 == 0 ? 0 : (moves[index] * 8).rounded() / 8 * step
                return tensor.values[index] + own + (common == nil ? 0 : same[index] * step * 40)
            }
            return (tensor.name, tensor.shape, values)
        }
    }

    static func open(_ folder: TestFolder, _ name: String, _ tensors: Tensors) throws -> OpenModel {
        try OpenModel(at: CheckpointDifferenceTests.write(folder, name, tensors), label: name)
    }

    /// The largest tenth of a tensor by |d|, at least one element, the first among equals; only what changed.
    static func tenth(_ delta: [Float]) -> Set<Int> {
        let order = delta.indices.sorted { (delta[$1].magnitude, $0) < (delta[$0].magnitude, $1) }
        return Set(order.prefix(delta.isEmpty ? 0 : max(1, delta.count / 10)).filter { delta[$0] != 0 })
    }

    @Test func everyFigureIsThatOfALoop() throws {
        let folder = try TestFolder()
        let base = CheckpointDifferenceTests.tensors(1)
        let experts = [Self.expert(base, seed: 2), Self.expert(base, seed: 3), Self.expert(base, seed: 4, common: 7)]
        let models = try zip(["a", "b", "c"], experts).map { try Self.open(folder, $0, $1) }
        let found = try ExpertComparison(
            base: Self.open(folder, "base", base), experts: models, options: EngineOptions(threads: 2))
        #expect(found.pairs.map { [$0.first, $0.second] } == [[0, 1], [0, 2], [1, 2]])
        #expect(found.tensors.map(\.facts.name) == base.map(\.name).sorted())
        for tensor in found.tensors {
            let place = try #require(base.firstIndex { $0.name == tensor.facts.name })
            let deltas = experts.map { zip($0[place].values, base[place].values).map { $0 - $1 } }
            let tenths = deltas.map(Self.tenth)
            for (delta, figures) in zip(deltas, tensor.experts) {
                let (squares, all) = (Self.dot(delta, delta), Self.dot(base[place].values, base[place].values))
                #expect(figures.count == delta.count)
                #expect(figures.changed == Double(delta.count { $0 != 0 }))
                #expect(figures.beyond == Double(delta.count { $0.magnitude > 0.03 }))
                #expect(Self.isNear(figures.relativeNorm, all > 0 ? (squares / all).squareRoot() : 0))
            }
            for (pair, figures) in zip(found.pairs, tensor.pairs) {
                let (x, y) = (deltas[pair.first], deltas[pair.second])
                let both = tenths[pair.first].intersection(tenths[pair.second])
                let agreeing = both.count { (x[$0] < 0) == (y[$0] < 0) }
                let norms = (Self.dot(x, x) * Self.dot(y, y)).squareRoot()
                let mean = Double(tenths[pair.first].count + tenths[pair.second].count) / 2
                #expect(Self.isNear(figures.cosine, norms > 0 ? Self.dot(x, y) / norms : nil))
                #expect(figures.overlap == (mean > 0 ? Double(both.count) / mean : nil))
                #expect(figures.signAgreement == (both.isEmpty ? nil : Double(agreeing) / Double(both.count)))
                let between = zip(x, y).map { $0 - $1 }
                #expect(Self.isNear(figures.distance, Self.dot(between, between).squareRoot(), 1e-6))
            }
        }
    }

    private static func dot(_ x: [Float], _ y: [Float]) -> Double {
        zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }

    private static func isNear(_ a: Double?, _ b: Double?, _ tolerance: Double = 1e-9) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return abs(a - b) <= tolerance * max(1, abs(b))
    }

    @Test func layersAndTheWholeAreSumsOfTheirTensors() throws {
        let folder = try TestFolder()
        let base = CheckpointDifferenceTests.tensors(1)
        let models = try [2, 3].map { try Self.open(folder, "e\($0)", Self.expert(base, seed: $0)) }
        let found = try ExpertComparison(
            base: Self.open(folder, "base", base), experts: models, options: EngineOptions(threads: 1))
        #expect(found.layers.map(\.name) == ["model.layers.0", "model.layers.1", "model.layers.10"])
        let inFirst = found.tensors.filter { $0.facts.name.hasPrefix("model.layers.0.") }
        #expect(inFirst.count == 2)
        #expect(found.layers[0].experts[0].changed == inFirst.reduce(0) { $0 + $1.experts[0].changed })
        #expect(found.layers[0].pairs[0].product == inFirst.reduce(0) { $0 + $1.pairs[0].product })
        #expect(found.whole.experts[1].count == base.reduce(0) { $0 + $1.values.count })
    }

    @Test func itSaysWhenTheBaseCannotBeTheBase() throws {
        let folder = try TestFolder()
        let base = CheckpointDifferenceTests.tensors(1)
        // Both moved a long way together, and little from there.
        let near = [
            Self.expert(base, seed: 2, step: 0.01, common: 7), Self.expert(base, seed: 3, step: 0.01, common: 7),
        ]
        let stranger = CheckpointDifferenceTests.tensors(77)
        let all = near + [stranger, base, base]
        let models = try zip(["near1", "near2", "stranger", "same1", "same2"], all).map {
            try Self.open(folder, $0, $1)
        }
        let start = try Self.open(folder, "base", base)
        func notes(_ places: [Int]) throws -> [String] {
            try ExpertComparison(
                base: start, experts: places.map { models[$0] }, options: EngineOptions(threads: 1)
            ).notes
        }
        #expect(try notes([0, 1]).contains { $0.hasPrefix("near1 and near2 are nearer to each other") })
        #expect(try notes([2]).contains { $0.hasPrefix("stranger is far from base") })
        #expect(try notes([3]) == ["same1 has the weights of base: there is nothing to merge"])
        #expect(try notes([1]).isEmpty)
        let other = try OpenModel(at: CheckpointDifferenceTests.write(folder, "copy", near[0]), label: "copy")
        let equal = try ExpertComparison(base: start, experts: [models[0], other], options: EngineOptions(threads: 1))
        #expect(equal.notes == ["near1 and copy have the same weights"])
    }

    struct Spectrum: Decodable {
        var ranks, overlaps: [Double]
    }

    /// Against NumPy's decompositions in float64 (Fixtures/spectra).
    @Test func spectralFiguresAreNumPys() throws {
        let zoo = fixtures + "/../../../recipes/zoo/"
        let models = try ["base", "math", "finance", "law"].map { try OpenModel(at: zoo + $0, label: $0) }
        let found = try ExpertComparison(
            base: models[0], experts: Array(models[1...]), isSpectral: true, options: EngineOptions(threads: 2))
        let expected = try JSONDecoder().decode(
            [String: Spectrum].self,
            from: Data(contentsOf: URL(fileURLWithPath: fixtures + "/spectra/expected.json")))
        let measured = found.tensors.filter { $0.experts[0].matrices > 0 }
        #expect(Set(measured.map(\.facts.name)) == Set(expected.keys) && measured.count == 42)
        for tensor in measured {
            let right = try #require(expected[tensor.facts.name])
            for (figures, rank) in zip(tensor.experts, right.ranks) {
                #expect(abs((figures.stableRank ?? 0) - rank) < 1e-4 * rank, "\(tensor.facts.name)")
            }
            for (figures, overlap) in zip(tensor.pairs, right.overlaps) {
                #expect(abs((figures.subspaceOverlap ?? 0) - overlap) < 1e-4, "\(tensor.facts.name)")
            }
        }
        // Layers and the whole are means.
        let ranks = measured.compactMap(\.experts[2].stableRank)
        #expect(abs((found.whole.experts[2].stableRank ?? 0) - ranks.reduce(0, +) / 42) < 1e-9)
        let plain = try ExpertComparison(
            base: models[0], experts: Array(models[1...]), options: EngineOptions(threads: 2))
        #expect(plain.whole.experts[0].stableRank == nil && plain.whole.pairs[0].subspaceOverlap == nil)
        #expect(
            ExpertReport(found).html.contains("Subspace overlap") && !ExpertReport(plain).html.contains("Stable rank"))
    }

    /// Diagonal deltas, whose singular vectors are the axes, in a matrix that is not decomposed wholly, and in small ones.
    @Test(arguments: [(530, 520), (30, 20), (12, 12)]) func subspacesOfKnownDeltas(rows: Int, columns: Int) throws {
        let folder = try TestFolder()
        let name = "model.layers.0.mlp.up_proj.weight"
        let shape = [rows, columns]
        let base = [(name: name, shape: shape, values: [Float](repeating: 1, count: rows * columns))]
        func moved(_ first: Int, _ count: Int) -> Tensors {
            var values = base[0].values
            for place in 0..<count { values[(first + place) * columns + first + place] += exp2(-Float(place)) }
            return [(name, shape, values)]
        }
        let count = 4
        let experts = [moved(0, count), moved(2, count), moved(0, 0)]
        let found = try ExpertComparison(
            base: Self.open(folder, "base", base),
            experts: zip(["a", "b", "c"], experts).map { try Self.open(folder, $0, $1) },
            isSpectral: true, options: EngineOptions(threads: 1))
        let right = (0..<count).reduce(0.0) { $0 + exp2(-2 * Double($1)) }
        #expect(abs((found.whole.experts[0].stableRank ?? 0) - right) < 1e-6)
        #expect(abs((found.whole.pairs[0].subspaceOverlap ?? 0) - 0.5) < 1e-6)
        #expect(found.whole.experts[2].stableRank == nil && found.whole.pairs[1].subspaceOverlap == nil)
    }

    @Test func onePairOfOneExpertIsNone() throws {
        let folder = try TestFolder()
        let base = CheckpointDifferenceTests.tensors(1)
        let found = try ExpertComparison(
            base: Self.open(folder, "base", base), experts: [Self.open(folder, "a", Self.expert(base, seed: 2))],
            options: EngineOptions(threads: 1))
        #expect(found.pairs.isEmpty && found.whole.experts.count == 1)
        #expect(ExpertReport(found).html.contains("Size of the deltas"))
    }
}
