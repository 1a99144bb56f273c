import DPPA
import Testing

@Suite struct OperatorTests {
    let graph = Graph()
    let base: NodeID
    let math: NodeID
    let law: NodeID

    init() throws {
        let tensors: [(String, [Int], [Float])] = [
            ("model.layers.0.mlp.up_proj.weight", [2, 2], [1, 2, 3, 4]), ("model.norm.weight", [2], [1, 1]),
        ]
        base = try graph.source(makeModel("base", tensors))
        math = try graph.source(makeModel("math", tensors))
        law = try graph.source(makeModel("law", tensors))
    }

    private func message(_ body: () throws -> NodeID) -> String {
        do {
            let node = try body()
            return "no error: \(graph.formula(node))"
        } catch let error as DPPAError {
            return ([error.message] + error.notes).joined(separator: "\n")
        } catch {
            return "\(error)"
        }
    }

    @Test func spacesFollowTheTable() throws {
        let delta = try graph.binary(.subtract, math, base)
        #expect(graph[delta].space == .delta)
        #expect(graph[delta].label == "math")
        #expect(graph[try graph.binary(.add, base, delta)].space == .model)
        #expect(graph[try graph.binary(.add, delta, delta)].space == .delta)
        let half = try graph.constant(0.5)
        #expect(graph[try graph.binary(.multiply, half, delta)].space == .delta)
        #expect(graph[try graph.binary(.multiply, delta, delta)].space == .value)
        #expect(graph[try graph.binary(.add, delta, half)].space == .value)
        let mask = try graph.binary(.greater, delta, half)
        #expect(graph[try graph.select(mask, delta, graph.constant(0))].space == .delta)
        #expect(graph[try graph.select(mask, delta, half)].space == .value)
    }

    @Test func addingModelsNamesTheWaysOut() {
        let text = message { try graph.binary(.add, base, math) }
        #expect(text.contains("model + model has no meaning"))
        #expect(text.contains("dppa.average"))
        #expect(text.contains("base"))
    }

    @Test func deltasOfTwoExpertsHaveNoLabel() throws {
        let sum = try graph.binary(.add, graph.binary(.subtract, math, base), graph.binary(.subtract, law, base))
        #expect(graph[sum].label == nil)
        #expect(message { try graph.uniform(like: sum, seed: 0, stream: nil) }.contains("stream"))
    }

    @Test func equalExpressionsAreOneNode() throws {
        let first = try graph.binary(.subtract, math, base)
        let count = graph.count
        #expect(try graph.binary(.subtract, math, base) == first)
        #expect(graph.count == count)
    }

    @Test func masksAreRequiredWhereTheyAreMeant() throws {
        let delta = try graph.binary(.subtract, math, base)
        #expect(message { try graph.select(delta, delta, delta) }.contains("needs a mask"))
        #expect(message { try graph.unary(.not, delta) }.contains("~ needs a mask"))
    }

    @Test func numbersMustBeFinite() {
        #expect(message { try graph.constant(.nan) }.contains("must be finite"))
    }

    @Test func tooManyNodesAreALimit() throws {
        let small = Graph(nodeLimit: 4)
        #expect(throws: DPPAError.self) { for number in 0..<10 { _ = try small.constant(Double(number)) } }
    }

    @Test func missingDeltaIsZeroAndMissingValueAnError() throws {
        let delta = try graph.binary(.subtract, math, base)
        let part = try graph.linears(delta)
        let merged = try graph.binary(.add, base, part)
        #expect(graph.domain(of: merged)?.tensors.count == 2)
        let share = try graph.reduce(.mean, graph.unary(.abs, part), over: .tensor)
        let text = message { try graph.binary(.multiply, delta, share) }
        #expect(text.contains("(math - base) * mean(abs(…), 'tensor'): "))
        #expect(text.contains(": mean(abs(…), 'tensor') has no value for model.norm.weight"))
        #expect(text.contains(":linears()"))
    }

    @Test func shapesMustAgree() throws {
        let other = try graph.source(makeModel("other", [("model.norm.weight", [3], [1, 1, 1])]))
        let text = message { try graph.binary(.subtract, other, base) }
        #expect(text.contains("[3]") && text.contains("[2]") && text.contains("model.norm.weight"))
    }

    @Test func reducingToTheSameOrAFinerScopeNamesBoth() throws {
        let layer = try graph.reduce(.mean, graph.linears(base), over: .layer)
        let text = message { try graph.reduce(.mean, layer, over: .tensor) }
        #expect(text.contains("per-layer value") && text.contains("'tensor'"))
    }

    @Test func layerReductionsOutsideBlocksListTheTensors() {
        let text = message { try graph.reduce(.mean, base, over: .layer) }
        #expect(text.contains("model.norm.weight") && text.contains(":linears()"))
    }

    @Test func formulasReadLikeTheRecipe() throws {
        let delta = try graph.binary(.subtract, math, base)
        let kept = try graph.top(graph.unary(.abs, delta), share: graph.constant(0.2), isCount: false, over: .tensor)
        let pruned = try graph.select(kept, delta, graph.constant(0))
        let formula = graph.formula(try graph.binary(.add, base, graph.binary(.multiply, graph.constant(2), pruned)))
        #expect(formula == "base + 2 * where(top(abs(math - base), 0.2, 'tensor'), math - base, 0)")
    }
}

@Suite struct GlobTests {
    @Test(arguments: [
        ("model.layers.*.mlp.*", "model.layers.3.mlp.up_proj.weight", true),
        ("model.layers.*.mlp.*", "model.layers.3.self_attn.q_proj.weight", false),
        ("*", "", true), ("a*b*c", "aXbXbc", true), ("a?c", "abc", true), ("a?c", "ac", false), ("", "a", false),
        ("**a**", "a", true),
    ])
    func globsMatchWholeNames(_ pattern: String, _ text: String, _ expected: Bool) {
        #expect(Glob.matches(pattern, text) == expected)
    }
}
