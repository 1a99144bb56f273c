import DPPA
import Testing

/// Expressions of one fingerprint on a tensor have the same values there, and what is elsewhere is not in it.
@Suite struct TensorFingerprintTests {
    /// Models are told apart by their labels alone.
    private func fingerprint(_ graph: Graph) -> TensorFingerprint {
        TensorFingerprint(graph) { model, tensor in
            Fingerprint.of(Array((graph.models[model].label + graph.facts(tensor).name).utf8))
        }
    }

    @Test func whatDiffersInAnythingDiffersOnSomeTensor() throws {
        let world = try GraphFingerprintTests.World()
        let fingerprint = fingerprint(world.graph)
        var seen: [[UInt128]: String] = [:]
        // Parts that change their places are the same on every tensor.
        for (what, node) in try world.expressions() where what != "branch exchanged" {
            let tensors = world.graph.tensors(of: node)
            guard !tensors.isEmpty else { continue }
            let all = try tensors.map { try #require(try fingerprint(node, on: $0), "\(what)") }
            let before = seen.updateValue(what, forKey: all)
            #expect(before == nil, "\(what) and \(before ?? "") are taken for one")
        }
        #expect(seen.count > 60)
    }

    @Test func anotherGraphGivesTheSame() throws {
        let (first, second) = (try GraphFingerprintTests.World(), try GraphFingerprintTests.World(reversed: true))
        let (a, b) = (fingerprint(first.graph), fingerprint(second.graph))
        for (one, other) in zip(try first.expressions(), try second.expressions()) {
            let tensors = zip(first.graph.tensors(of: one.node), second.graph.tensors(of: other.node))
            for (x, y) in tensors { #expect(try a(one.node, on: x) == b(other.node, on: y), "\(one.what)") }
        }
    }

    @Test func aPartOfABranchConcernsItsOwnTensorsAndAModelValueAll() throws {
        func keys(_ factor: Double, isModel: Bool) throws -> [UInt128?] {
            let world = try GraphFingerprintTests.World()
            let graph = world.graph
            let x = try graph.reinterpret(world.a, as: .value)
            let layer = try graph.select(x, globs: ["*.layers.1.*"])
            let changed = try graph.binary(.multiply, layer, graph.constant(factor))
            let rest = try graph.restrict(x, "rest") { !$0.name.contains("layers.1") }
            var node = try graph.branch([changed, rest])
            if isModel { node = try graph.binary(.add, node, graph.reduce(.sum, node, over: .model)) }
            let fingerprint = fingerprint(graph)
            return try graph.tensors(of: node).map { try fingerprint(node, on: $0) }
        }
        let (two, three) = (try keys(2, isModel: false), try keys(3, isModel: false))
        #expect(two.count == 4 && zip(two, three).map { $0 == $1 } == [true, true, true, false])
        #expect(zip(try keys(2, isModel: true), try keys(3, isModel: true)).allSatisfy { $0 != $1 })
    }

    @Test func ofWhatNothingIsKnownThereIsNone() throws {
        let world = try GraphFingerprintTests.World()
        let graph = world.graph
        let fingerprint = TensorFingerprint(graph) { model, _ in graph.models[model].label == "b" ? nil : 1 }
        let tensor = graph.tensors(of: world.a)[0]
        #expect(try fingerprint(world.a, on: tensor) != nil)
        #expect(try fingerprint(graph.binary(.subtract, world.a, world.b), on: tensor) == nil)
        let all = try graph.reduce(.sum, graph.reinterpret(world.b, as: .value), over: .model)
        let x = try graph.reinterpret(world.a, as: .value)
        #expect(try fingerprint(graph.binary(.multiply, x, all), on: tensor) == nil)
    }
}
