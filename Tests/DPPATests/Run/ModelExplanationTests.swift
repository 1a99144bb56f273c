import DPPA
import Testing

/// What is in a model: known sums are found again, and what is no sum is told.
@Suite struct ModelExplanationTests {
    private static let shapes = EngineTests.shapes.filter { $0.shape.count == 2 && $0.shape.reduce(1, *) > 12 }

    private func values(_ seed: UInt64, _ size: Float = 1) -> [String: [Float]] {
        var random = Lehmer(seed)
        return Dictionary(
            uniqueKeysWithValues: Self.shapes.map { ($0.name, random.floats($0.shape.reduce(1, *)).map { $0 * size }) })
    }

    private func model(_ label: String, _ values: [String: [Float]]) -> OpenModel {
        makeModel(label, Self.shapes.map { ($0.name, $0.shape, values[$0.name] ?? []) })
    }

    /// base + Σ cᵢ dᵢ, by a function of the tensor.
    private func sum(
        _ base: [String: [Float]], _ deltas: [[String: [Float]]], _ coefficients: (String) -> [Float]
    ) -> [String: [Float]] {
        base.reduce(into: [:]) { result, entry in
            var total = entry.value
            for (delta, c) in zip(deltas, coefficients(entry.key)) {
                for index in total.indices { total[index] += c * (delta[entry.key]?[index] ?? 0) }
            }
            result[entry.key] = total
        }
    }

    private func explain(
        _ merged: [String: [Float]], _ base: [String: [Float]], _ deltas: [[String: [Float]]]
    ) throws -> ModelExplanation {
        let experts = deltas.enumerated().map { number, delta in
            model("e\(number)", sum(base, [delta]) { _ in [1] })
        }
        return try ModelExplanation(
            model("merged", merged), base: model("base", base), experts: experts, options: EngineOptions(threads: 2))
    }

    @Test func oneSumOfAllTensorsIsOneGroup() throws {
        let (base, deltas) = (values(1), [values(2, 0.02), values(3, 0.01)])
        let merged = sum(base, deltas) { _ in [0.6, -0.25] }
        let found = try explain(merged, base, deltas)
        #expect(found.groups.map(\.coefficients) == [[0.6, -0.25]])
        #expect(found.groups.map(\.count) == [Self.shapes.count] && found.experts == ["e0", "e1"])
        for tensor in found.tensors { #expect(tensor.beyond == 0 && tensor.residualShare < 1e-6, "\(tensor)") }
    }

    @Test func layersWithSumsOfTheirOwnAreToldApart() throws {
        let (base, deltas) = (values(1), [values(2, 0.02), values(3, 0.01)])
        let own: [String: [Float]] = [
            "model.embed_tokens.weight": [0, 0], "model.layers.0.mlp.up_proj.weight": [0.123_45, 0],
        ]
        let found = try explain(sum(base, deltas) { own[$0] ?? [1, 1] }, base, deltas)
        #expect(found.groups.count == 3 && found.groups.map(\.count).reduce(0, +) == Self.shapes.count)
        for tensor in found.tensors {
            let wanted = own[tensor.facts.name] ?? [1, 1]
            for (c, w) in zip(tensor.coefficients, wanted) { #expect(abs(c - Double(w)) < 1e-4, "\(tensor)") }
        }
    }

    private func product(_ x: [Float], _ y: [Float]) -> Double {
        var sum = 0.0
        for (a, b) in zip(x, y) { sum += Double(a) * Double(b) }
        return sum
    }

    @Test func coefficientsAreThoseOfNormalEquations() throws {
        let (base, deltas) = (values(1), [values(2, 0.02), values(3, 0.01)])
        // The larger half of the first delta alone: no sum of whole deltas.
        var merged = base
        for (name, delta) in deltas[0] {
            for index in delta.indices where abs(delta[index]) > 0.01 { merged[name]?[index] += delta[index] }
        }
        let found = try explain(merged, base, deltas)
        #expect(found.groups.isEmpty)
        for tensor in found.tensors {
            let name = tensor.facts.name
            func difference(_ x: [String: [Float]]) -> [Float] {
                zip(x[name] ?? [], base[name] ?? []).map { $0 - $1 }
            }
            let d = deltas.map { delta in difference(sum(base, [delta]) { _ in [1] }) }
            let change = difference(merged)
            let (a, b, c) = (product(d[0], d[0]), product(d[0], d[1]), product(d[1], d[1]))
            let (p, q) = (product(change, d[0]), product(change, d[1]))
            let determinant = a * c - b * b
            let wanted: [Double] = [(p * c - q * b) / determinant, (q * a - p * b) / determinant]
            let explained = wanted[0] * p + wanted[1] * q
            let left = 1 - explained / product(change, change)
            for (x, w) in zip(tensor.coefficients, wanted) { #expect(abs(x - w) < 1e-5, "\(name): \(x) \(w)") }
            #expect(abs(tensor.residualShare - left) < 1e-6 && left > 0.05)
        }
    }

    @Test func anExpertThatIsASumOfOthersGetsNothing() throws {
        let (base, one) = (values(1), values(2, 0.02))
        let twice = one.mapValues { $0.map { $0 * 2 } }
        let nothing = one.mapValues { $0.map { _ in Float(0) } }
        let merged = sum(base, [one]) { _ in [0.5] }
        let found = try explain(merged, base, [one, twice, nothing])
        #expect(found.groups.count == 1)
        let c = found.groups[0].coefficients
        #expect(c[2] == 0 && abs(c[0] + 2 * c[1] - 0.5) < 1e-4 && (c[0] == 0 || c[1] == 0), "\(c)")
    }

    @Test func anotherBaseIsTold() throws {
        let (base, other, delta) = (values(1), values(9), values(2, 0.02))
        let merged = sum(base, [delta]) { _ in [0.5] }
        let expert = sum(base, [delta]) { _ in [1] }
        let found = try ModelExplanation(
            model("merged", merged), base: model("foreign", other), experts: [model("e", expert)],
            options: EngineOptions(threads: 1))
        #expect(found.notes.contains { $0.contains("merged is far from foreign") }, "\(found.notes)")
    }
}
