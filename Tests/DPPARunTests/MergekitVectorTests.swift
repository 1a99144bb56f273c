import DPPA
import DPPAScript
import Foundation
import Testing

/// Numbers of mergekit 0.1.5 on the models of Fixtures/golden, float32 on a processor, for every method that is not random.
///
/// The options are those that mergekit's defaults mean here.
@Suite struct MergekitVectorTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        var method: String
        var experts: String
        var options: [String: String]
        var expected: [Float]
        var testDescription: String { "\(method) \(options.sorted { $0.key < $1.key }.map { "\($0)=\($1)" })" }

        init(_ method: String, _ experts: String, _ options: [String: String], _ expected: [Float]) {
            (self.method, self.experts, self.options, self.expected) = (method, experts, options, expected)
        }
    }

    static let weights = "0.5,0.3,0.2"
    static let vectors = [
        Vector(
            "nuslerp", "AB", ["weights": "0.7,0.3", "vectors": "models"],
            [
                0.995660007, -2.34837008, 0.905725598, 2.95490241, -0.809913158, 0.145314083, 1.93098569, -0.259835601,
            ]),
        Vector(
            "nuslerp", "AB", ["weights": "0.7,0.3"],
            [
                0.952185452, -2.40408063, 1.04348588, 2.88955021, -0.579369664, 0.168505639, 1.83870673, -0.113841534,
            ]),
        Vector(
            "nuslerp", "AB", ["weights": "0.7,0.3", "vectors": "models", "scope": "row"],
            [
                0.982840955, -2.31695962, 0.892851591, 2.9140501, -0.851376235, 0.160230383, 2.01689076, -0.276116669,
            ]),
        Vector(
            "nuslerp", "AB", ["weights": "0.7,0.3", "vectors": "models", "scope": "column"],
            [
                1.01160038, -2.38930488, 0.895903766, 2.91871238, -0.825120628, 0.151021421, 1.91163599, -0.255601853,
            ]),
        Vector(
            "multislerp", "ABC", ["weights": weights, "vectors": "models"],
            [
                1.03397667, -2.22421288, 0.710464597, 3.01408863, -0.914444864, 0.213003233, 2.01257491, -0.520202994,
            ]),
        Vector(
            "karcher", "ABC", [:],
            [
                1.03930521, -2.11678696, 0.585518241, 3.05591726, -1.00899839, 0.312066853, 2.03922343, -0.72480166,
            ]),
        Vector(
            "breadcrumbs", "ABC", ["weights": weights, "density": "0.5", "gamma": "0.25", "lambda": "1"],
            [0.953999996, -2.13000011, 0.649999976, 2.94499993, -1.34500003, 0, 1.93099999, -0.75]),
        Vector(
            "breadcrumbs_ties", "ABC", ["weights": weights, "density": "0.5", "gamma": "0.25", "normalize": "false"],
            [0.909999967, -2.20000005, 0.649999976, 2.9000001, -1.34500003, 0, 1.86500001, -0.75]),
        Vector(
            "sce", "ABC", [:],
            [
                1.14963412, -2.27150655, 0.928493381, 2.86204267, -0.942082882, 1.04999995, 1.54999995, -0.341251731,
            ]),
        Vector(
            "sce", "ABC", ["select_topk": "0.5"], [1, -2, 0.977296829, 3, -1.5, 1.04999995, 1.54999995, -0.451872855]),
        Vector(
            "ram", "ABC", [:],
            [
                1.00666666, -2.04999995, 0.566666663, 2.9666667, -0.983333349, 0.309999973, 1.97666657, -0.710000038,
            ]),
        Vector(
            "model_stock", "ABC", ["extrapolate": "true"],
            [
                0.990840673, -1.93130445, 0.408405662, 3.04579782, -2.20985675, 0.167565107, 2.03205848, -0.804956675,
            ]),
        Vector(
            "model_stock", "ABC", ["extrapolate": "true", "scope": "row"],
            [
                0.955173969, -1.66380405, 0.0517385006, 3.22413254, -1.73003781, 0.223285928, 2.01038885, -0.767809331,
            ]),
        Vector(
            "nearswap", "A", ["t": "0.1"],
            [1.0999999, -2.0999999, 0.600000024, 2.9000001, -1.4000001, 0.150000006, 2.04999995, -0.649999976]),
        Vector("arcee_fusion", "A", [:], [1, -2, 0.5, 3, -0.600000024, 0.25, 2, -0.75]),
    ]

    @Test(arguments: vectors) func agrees(_ vector: Vector) throws {
        let folder = Folders.fixtures + "/golden/f32/"
        let models = MergeMethods.models(
            vector.method, base: folder + "base", experts: vector.experts.map { folder + String($0) })
        let model = try run(
            "\(Folders.recipes)/\(vector.method).lua", models.merging(vector.options) { $1 }, in: Scratch()
        ).model
        let found = model.floats("model.layers.0.mlp.up_proj.weight")
        try #require(found.count == vector.expected.count)
        for (a, b) in zip(found, vector.expected) {
            #expect(abs(a - b) <= 1e-6 * max(1, b.magnitude), "\(a), expected \(b)")
        }
    }
}
