import DPPA
import Testing

/// What is checked of compiled programs and schedules, on ones that are wrong in one place.
@Suite struct ProgramTests {
    static let facts = TensorFacts(name: "x.weight", shape: [6, 4])

    /// x − mean of each row, the largest half of each row of it, times a column value.
    static let instructions = [
        Instruction(.load(source: 0), into: .element(0)),
        Instruction(.reduce(.sum), .element(0), into: .row(0)),
        Instruction(.binary(.divide), .row(0), .number(4), into: .row(1)),
        Instruction(.spread, .row(1), into: .element(1)),
        Instruction(.binary(.subtract), .element(0), .element(1), into: .element(2)),
        Instruction(.top(isCount: false), .element(2), .number(0.5), into: .element(3)),
        Instruction(.spreadColumns(vector: 0), into: .element(4)),
        Instruction(.select, .element(3), .element(4), .number(0), into: .element(5)),
        Instruction(.rows(vector: 1), into: .row(2)),
        Instruction(.select, .row(2), .row(1), .number(1), into: .row(3)),
    ]

    /// Some node, where it matters only that there is one.
    let node: NodeID

    init() throws { node = try Graph().constant(0) }

    private func program(_ instructions: [Instruction] = Self.instructions) -> Program {
        var program = Program()
        program.instructions = instructions
        program.nodes = instructions.map { _ in node }
        program.sources = [ArraySource(shape: Self.facts.shape, values: [])]
        program.models = [0]
        program.vectors = [[1, 2, 3, 4], [1, 0, 1, 0, 1, 0]]
        program.registerCount = 6
        program.rowRegisterCount = 4
        program.needsRows = true
        return program
    }

    private func fault(_ program: Program, kept: [Slot] = [.element(5), .row(3)]) -> String? {
        do {
            try program.verify(kept: kept, on: Self.facts)
            return nil
        } catch let error as DPPAError {
            #expect(error.code == .internalFault && error.message.contains("x.weight"))
            return error.message
        } catch { return "\(error)" }
    }

    @Test func aRightProgramIsAccepted() throws {
        #expect(fault(program()) == nil)
        var short = program()
        let kept: [Slot] = [.element(5), .row(3), .element(2)]
        let names = try short.allocateRegisters(keeping: kept)
        #expect(short.registerCount < 6)
        #expect(fault(short, kept: names) == nil)
        try short.verifyRegisters(of: program(), kept: kept, names: names)
    }

    @Test func whatIsReadMustHaveBeenWritten() {
        for missing in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] {
            var instructions = Self.instructions
            instructions.remove(at: missing)
            #expect(fault(program(instructions)) != nil, "without \(Self.instructions[missing])")
        }
        #expect(fault(program(), kept: [.element(6)]) != nil)
        #expect(fault(program(), kept: [.row(4)]) != nil)
    }

    @Test func whatIsReferredToMustBeThere() {
        var program = program()
        program.needsRows = false
        #expect(fault(program)?.contains("whole rows") == true)
        let changes: [(inout Program) -> Void] = [
            { $0.registerCount = 5 }, { $0.rowRegisterCount = 3 }, { $0.vectors[0] = [1, 2, 3] },
            { $0.vectors[1] = [] }, { $0.vectors = [[1, 2, 3, 4]] }, { $0.sources = [] },
            { $0.sources = [ArraySource(shape: [4, 6], values: [])] }, { $0.models = [] }, { $0.nodes.removeLast() },
            { $0.instructions[5].target = .element(2) }, { $0.instructions[5].target = .number(1) },
        ]
        for change in changes {
            var broken = self.program()
            change(&broken)
            #expect(fault(broken) != nil)
        }
    }

    @Test func aRegisterThatIsGivenAwayTooEarlyIsNoticed() throws {
        var broken = program()
        // The mean of the rows takes the place of x, which is still needed.
        broken.instructions[3].target = .element(0)
        broken.instructions[4].b = .element(0)
        #expect(fault(broken) == nil)
        #expect(throws: DPPAError.self) {
            try broken.verifyRegisters(of: program(), kept: [.element(5)], names: [.element(5)])
        }
        #expect(throws: DPPAError.self) {
            try program().verifyRegisters(of: program(), kept: [.element(5)], names: [.element(4)])
        }
        #expect(throws: DPPAError.self) {
            var unwritten = program([Instruction(.unary(.abs), .element(0), into: .element(1))])
            _ = try unwritten.allocateRegisters(keeping: [.element(1)])
        }
    }

    @Test func aScheduleWithAnythingMovedIsNoticed() throws {
        let graph = Graph()
        let base = try graph.source(makeModel("base", [("model.layers.0.w.weight", [2, 3], [1, 2, 3, 4, 5, 6])]))
        let expert = try graph.source(makeModel("expert", [("model.layers.0.w.weight", [2, 3], [2, 2, 4, 4, 7, 6])]))
        let delta = try graph.binary(.subtract, expert, base)
        let size = try graph.unary(.abs, delta)
        let spread = try graph.binary(
            .divide, graph.reduce(.mean, size, over: .tensor), graph.reduce(.mean, size, over: .model))
        let rows = try graph.top(graph.reduce(.mean, size, over: .row), share: spread, isCount: false, over: .tensor)
        let kept = try graph.top(size, share: graph.reduce(.mean, size, over: .layer), isCount: false, over: .layer)
        let result = try graph.binary(
            .add, base, graph.select(graph.binary(.or, kept, rows), delta, graph.constant(0)))
        let right = try Schedule(graph, requests: [], outputs: [result])
        try right.verify(graph, outputs: [result])
        func isNoticed(_ change: (inout Schedule) -> Void) -> Bool {
            var broken = right
            change(&broken)
            do {
                try broken.verify(graph, outputs: [result])
                return false
            } catch { return (error as? DPPAError)?.code == .internalFault }
        }
        #expect(right.coarse.count >= 3 && right.work.count >= 3)
        for (stage, nodes) in right.coarse {
            for (place, node) in nodes.enumerated() {
                #expect(isNoticed { $0.coarse[stage]?.remove(at: place) }, "without \(graph.formula(node))")
                #expect(isNoticed { $0.coarse[Stage(epoch: 9), default: []].append(node) })
            }
        }
        for (stage, work) in right.work {
            for (place, item) in work.enumerated() {
                #expect(isNoticed { $0.work[stage]?.remove(at: place) }, "without \(item)")
                #expect(
                    isNoticed {
                        $0.work[stage]?.remove(at: place)
                        $0.work[Stage(epoch: stage.epoch + 5, pass: stage.pass), default: []].append(item)
                    } || item is OutputWrite, "\(item) too late")
                // What is written needs every coarse value; what is accumulated may need none.
                #expect(
                    isNoticed {
                        $0.work[stage]?.remove(at: place)
                        $0.work[Stage(epoch: -1), default: []].append(item)
                    } || !(item is OutputWrite), "\(item) too early")
            }
        }
    }
}
