import DPPA
import Testing

/// How often tensors are gone through, by what the engine reports.
@Suite struct ScheduleTests {
    let graph = Graph()
    let delta: NodeID

    init() throws {
        var random = Lehmer(3)
        let shapes: [(String, [Int])] = [
            ("model.layers.0.mlp.up_proj.weight", [40, 30]), ("model.layers.1.mlp.up_proj.weight", [40, 30]),
        ]
        func model(_ label: String) -> OpenModel {
            makeModel(label, shapes.map { ($0.0, $0.1, random.floats($0.1.reduce(1, *))) })
        }
        let base = try graph.source(model("base"))
        delta = try graph.binary(.subtract, graph.source(model("expert")), base)
    }

    private func report(_ node: NodeID) throws -> EngineReport {
        let engine = Engine(graph, options: EngineOptions(threads: 1))
        try engine.run([node])
        return engine.report
    }

    @Test func factsNeedNoPass() throws {
        #expect(try report(graph.reduce(.sum, graph.numel(delta), over: .model)).passes == 0)
    }

    @Test func reductionsOfOneFieldShareAPass() throws {
        let size = try graph.unary(.abs, delta)
        let both = try graph.binary(
            .add, graph.reduce(.mean, size, over: .tensor), graph.reduce(.max, size, over: .tensor))
        #expect(try report(both).passes == 1)
    }

    @Test func layerValuesAreNotABarrierAndModelValuesAre() throws {
        let size = try graph.unary(.abs, delta)
        let layer = try graph.reduce(.mean, size, over: .layer)
        let share = try graph.reduce(.mean, graph.binary(.greater, size, layer), over: .layer)
        let onLayers = try report(share)
        #expect(onLayers.epochs == 1 && onLayers.passes == 2)
        let model = try graph.reduce(.mean, share, over: .model)
        let centred = try graph.binary(.greater, size, model)
        let overModel = try report(graph.reduce(.mean, centred, over: .tensor))
        #expect(overModel.epochs == 2 && overModel.passes == 3)
    }

    @Test func knownResultsAreNotComputedAgain() throws {
        let engine = Engine(graph, options: EngineOptions(threads: 1))
        let mean = try graph.reduce(.mean, graph.unary(.abs, delta), over: .tensor)
        try engine.run([mean])
        let read = engine.report.bytesRead
        try engine.run([graph.binary(.multiply, mean, graph.constant(2))])
        #expect(engine.report.bytesRead == read)
    }

    @Test func tooLittleMemoryIsAnErrorThatSaysWhatToDo() throws {
        let engine = Engine(graph, options: EngineOptions(threads: 1, memory: 1 << 20))
        let error = #expect(throws: DPPAError.self) { try engine.run([graph.reduce(.sum, delta, over: .tensor)]) }
        #expect(error?.code == .limit)
        #expect(error?.notes.last?.contains("--memory") == true)
    }
}
