import DPPA
import Testing

/// Comparisons of checkpoints against plain loops in float64.
@Suite struct CheckpointDifferenceTests {
    typealias Tensors = [(name: String, shape: [Int], values: [Float])]

    static func write(_ folder: TestFolder, _ name: String, _ tensors: Tensors, dtype: DType = .f32) throws -> String {
        let directory = try folder.makeFolder(name)
        let writer = try CheckpointWriter(
            directory: directory, tensors: tensors.map { .init(name: $0.name, shape: $0.shape, dtype: dtype) },
            shardSize: 1 << 30, metadata: [:])
        for (index, tensor) in tensors.enumerated() where !tensor.values.isEmpty {
            let bytes = Buffer<UInt8>(tensor.values.count * dtype.byteSize)
            tensor.values.withUnsafeBufferPointer {
                guard let start = $0.baseAddress else { return }
                DTypeConversion.encode(start, as: dtype, into: UnsafeMutableRawPointer(bytes.pointer), count: $0.count)
            }
            try writer.write(
                tensor: index, byteOffset: 0, UnsafeRawBufferPointer(start: bytes.pointer, count: bytes.count))
        }
        try writer.finish()
        return directory
    }

    static let names = [
        "model.embed_tokens.weight", "model.layers.0.mlp.up_proj.weight", "model.layers.0.mlp.down_proj.weight",
        "model.layers.1.mlp.up_proj.weight", "model.layers.10.mlp.up_proj.weight", "model.norm.weight",
        "model.void.weight",
    ]
    static let shapes = [[50, 33], [9, 1000], [1, 1], [17, 3], [3, 5], [7], [0, 4]]

    static func tensors(_ seed: UInt64, change: (Int, Float) -> Float = { $1 }) -> Tensors {
        var random = Lehmer(seed)
        return zip(names, shapes).enumerated().map { number, entry in
            (entry.0, entry.1, random.floats(entry.1.reduce(1, *)).map { change(number, $0) })
        }
    }

    /// What the type says of its measures, over lists of elements.
    static func naive(_ a: [Float], _ b: [Float]) -> CheckpointDifference.Measure {
        let pairs = zip(a.map(Double.init), b.map(Double.init)).map { ($0, $1) }
        func sum(_ f: (Double, Double) -> Double) -> Double { pairs.reduce(0) { $0 + f($1.0, $1.1) } }
        let (first, second) = (sum { a, _ in a * a }, sum { _, b in b * b })
        let delta = sum { a, b in Double(Float(b) - Float(a)) * Double(Float(b) - Float(a)) }
        let largest = pairs.map { Double((Float($1) - Float($0)).magnitude) }.reduce(0) {
            $0.isNaN || $1.isNaN ? .nan : max($0, $1)
        }
        let cosine = first > 0 && second > 0 ? sum { $0 * $1 } / (first * second).squareRoot() : first == second ? 1 : 0
        let relative = first > 0 ? (delta / first).squareRoot() : delta > 0 ? .infinity : 0
        return .init(
            name: "", count: a.count, relativeNorm: relative, cosine: cosine,
            changed: Double(pairs.count { $0 != $1 }) / Double(max(1, a.count)), largest: largest)
    }

    static func expect(_ found: CheckpointDifference.Measure, _ right: CheckpointDifference.Measure, _ what: String) {
        func near(_ a: Double, _ b: Double) -> Bool {
            a == b || (a.isNaN && b.isNaN) || abs(a - b) <= 1e-9 * max(1, abs(b))
        }
        #expect(found.count == right.count, "\(what)")
        #expect(near(found.relativeNorm, right.relativeNorm), "\(what): \(found.relativeNorm), \(right.relativeNorm)")
        #expect(near(found.cosine, right.cosine), "\(what): \(found.cosine), \(right.cosine)")
        #expect(found.changed == right.changed, "\(what)")
        #expect(near(found.largest, right.largest), "\(what): \(found.largest), \(right.largest)")
    }

    /// Pairs of checkpoints: alike in part, equal, one zero, both zero, with a NaN.
    @Test(arguments: ["alike", "equal", "from zero", "to zero", "zeros", "broken"])
    func everyMeasureIsThatOfALoop(_ kind: String) throws {
        let folder = try TestFolder()
        let isZero = (kind == "from zero" || kind == "zeros", kind == "to zero" || kind == "zeros")
        let a = Self.tensors(1) { isZero.0 ? 0 : $1 }
        var seed: UInt64 = 9
        let b = Self.tensors(1) { number, value in
            seed = seed &* 6_364_136_223_846_793_005 &+ 1
            if isZero.1 { return 0 }
            if kind == "broken", number == 3, seed >> 60 == 0 { return .nan }
            return kind == "equal" || seed >> 63 == 0 ? value : value + Float(seed >> 40) * 1e-9
        }
        let difference = try CheckpointDifference(
            OpenModel(at: Self.write(folder, "a", a), label: "a"),
            OpenModel(at: Self.write(folder, "b", b), label: "b"), options: EngineOptions(threads: 2))
        #expect(difference.unmatched.isEmpty)
        #expect(difference.tensors.map(\.name) == Self.names.sorted())
        for measure in difference.tensors {
            let place = try #require(Self.names.firstIndex(of: measure.name))
            Self.expect(measure, Self.naive(a[place].values, b[place].values), measure.name)
        }
        for (layer, places) in [("model.layers.0", [1, 2]), ("model.layers.1", [3]), ("model.layers.10", [4])] {
            let measure = try #require(difference.layers.first { $0.name == layer })
            Self.expect(measure, Self.naive(places.flatMap { a[$0].values }, places.flatMap { b[$0].values }), layer)
        }
        #expect(difference.layers.count == 3)
        Self.expect(difference.whole, Self.naive(a.flatMap(\.values), b.flatMap(\.values)), "whole")
    }

    @Test func whatOneLacksIsNamedAndTheRestCompared() throws {
        let folder = try TestFolder()
        var (a, b) = (Self.tensors(1), Self.tensors(2))
        a.remove(at: 1)
        b[0].shape = [33, 50]
        b[6].name = "model.extra.weight"
        let paths = [try Self.write(folder, "a", a), try Self.write(folder, "b", b, dtype: .f64)]
        let models = try paths.map { try OpenModel(at: $0, label: $0) }
        let difference = try CheckpointDifference(models[0], models[1], options: EngineOptions(threads: 1))
        #expect(
            difference.unmatched == [
                "model.embed_tokens.weight", "model.extra.weight", "model.layers.0.mlp.up_proj.weight",
                "model.void.weight",
            ])
        #expect(difference.tensors.count == 4)
        for measure in difference.tensors {
            let (x, y) = (a.first { $0.name == measure.name }, b.first { $0.name == measure.name })
            Self.expect(measure, Self.naive(x?.values ?? [], y?.values ?? []), measure.name)
        }
        let alone = try OpenModel(at: Self.write(folder, "alone", [("other.weight", [2], [1, 2])]), label: "c")
        #expect(throws: DPPAError.self) {
            try CheckpointDifference(models[0], alone, options: EngineOptions(threads: 1))
        }
    }
}
