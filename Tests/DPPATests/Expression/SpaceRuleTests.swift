import DPPA
import Testing

/// What operations do to spaces, and to deltas that a tensor does not have.
@Suite struct SpaceRuleTests {
    static let spaces: [Space] = [.model, .delta, .value]

    @Test("What is left of an operation on a missing delta is the operation on 0", arguments: BinaryOp.allCases)
    func remainders(op: BinaryOp) {
        for (a, b) in Self.spaces.flatMap({ a in Self.spaces.map { (a, $0) } }) {
            guard let space = op.facts.spaces.space(a, b) else { continue }
            for (isFirst, isSecond) in [(true, false), (false, true), (true, true)] {
                guard !isFirst || a == .delta, !isSecond || b == .delta else { continue }
                let (x, y) = (isFirst ? 0.0 : 3.0, isSecond ? 0.0 : 5.0)
                let left: Double? =
                    switch op.facts.spaces.remainder(in: space, isFirstMissing: isFirst, isSecondMissing: isSecond) {
                    case .operation: nil
                    case .first: x
                    case .second: y
                    case .negativeOfSecond: -y
                    case .nothing: 0
                    }
                #expect(left == nil || left == op(x, y), "\(a) \(op) \(b)")
                // What makes a delta of missing deltas alone is missing, so that nothing is computed or written.
                if isFirst, isSecond, space == .delta { #expect(left == 0) }
            }
        }
    }

    @Test("Of one operand as well", arguments: UnaryOp.allCases)
    func remainder(op: UnaryOp) {
        let space = op.facts.spaces.space(.delta)
        if case .nothing = op.facts.spaces.remainder(in: space, isFirstMissing: true) {
            #expect(space == .delta && op(0) == 0)
        } else {
            #expect(space == .value)
        }
    }

    @Test("A coarse delta that is subtracted where the other delta is missing is negative there")
    func coarseDeltaIsSubtracted() throws {
        let graph = Graph()
        let tensors: [(String, [Int])] = [("model.layers.0.mlp.up_proj.weight", [2, 2]), ("model.norm.weight", [2])]
        func source(_ label: String, _ value: Float) throws -> NodeID {
            try graph.source(
                makeModel(label, tensors.map { ($0, $1, [Float](repeating: value, count: $1.reduce(1, *))) }))
        }
        let delta = try graph.binary(.subtract, source("math", 3), source("base", 1))
        for scope in [Scope.row, .column, .tensor, .model] {
            let mean = try graph.reinterpret(graph.reduce(.mean, delta, over: scope), as: .delta)
            let difference = try graph.binary(.subtract, graph.linears(delta), mean)
            let node = try graph.reduce(.sum, difference, over: .tensor)
            let engine = Engine(graph, options: EngineOptions(threads: 1))
            try engine.run([node])
            let found = try #require(try engine.values(node)).map { "\($0.name) \($0.value)" }
            // Of model scope is one number, which reaches no further than the tensors of the other.
            let norm = scope == .model ? [] : ["model.norm.weight -4.0"]
            let expected = ["model.layers.0.mlp.up_proj.weight 0.0"] + norm
            #expect(found == expected, "\(scope)")
        }
    }
}
