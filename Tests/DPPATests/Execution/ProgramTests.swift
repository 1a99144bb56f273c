import DPPA
import Testing

/// What is checked of compiled programs and schedules, on ones that are wrong in one place.
@Suite struct ProgramTests {
    static let facts = TensorFacts(name: "x.weight", shape: [6, 4])

    /// x − mean of each row, the largest half of each row of it, times a column value.
    static let instructions: [Program.Instruction] = [
        .load(source: 0, into: 0),
        .rowReduce(.sum, 0, nil, into: 0),
        .rowBinary(.divide, .register(0), .scalar(4), into: 1),
        .expandRows(.register(1), into: 1),
        .binary(.subtract, .register(0), .register(1), into: 2),
        .rowTop(2, share: .scalar(0.5), isCount: false, into: 3),
        .expandColumns(vector: 0, into: 4),
        .select(3, .register(4), .scalar(0), into: 5),
        .rowLoad(vector: 1, into: 2),
        .rowSelect(.register(2), .register(1), .scalar(1), into: 3),
    ]

    /// Some node, where it matters only that there is one.
    let node: NodeID

    init() throws { node = try Graph().constant(0) }

    private func program(_ instructions: [Program.Instruction] = Self.instructions) -> Program {
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

    private func fault(_ program: Program, kept: [Int] = [5], rows: [Program.Row] = [.register(3)]) -> String? {
        do {
            try program.verify(kept: kept, keptRows: rows, on: Self.facts)
            return nil
        } catch let error as DPPAError {
            #expect(error.code == .internalFault && error.message.contains("x.weight"))
            return error.message
        } catch { return "\(error)" }
    }

    @Test func aRightProgramIsAccepted() throws {
        #expect(fault(program()) == nil)
        var short = program()
        let names = try short.allocateRegisters(keeping: [5, 2])
        #expect(short.registerCount < 6)
        #expect(fault(short, kept: names) == nil)
        try short.verifyRegisters(of: program(), kept: [5, 2], names: names)
    }

    @Test func whatIsReadMustHaveBeenWritten() {
        for missing in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] {
            var instructions = Self.instructions
            instructions.remove(at: missing)
            #expect(fault(program(instructions)) != nil, "without \(Self.instructions[missing])")
        }
        #expect(fault(program(), kept: [6]) != nil)
        #expect(fault(program(), rows: [.register(4)]) != nil)
    }

    @Test func whatIsReferredToMustBeThere() {
        var program = program()
        program.needsRows = false
        #expect(fault(program)?.contains("whole rows") == true)
        let changes: [(inout Program) -> Void] = [
            { $0.registerCount = 5 }, { $0.rowRegisterCount = 3 }, { $0.vectors[0] = [1, 2, 3] },
            { $0.vectors[1] = [] }, { $0.vectors = [[1, 2, 3, 4]] }, { $0.sources = [] },
            { $0.sources = [ArraySource(shape: [4, 6], values: [])] }, { $0.models = [] }, { $0.nodes.removeLast() },
            { $0.instructions[5] = .rowTop(2, share: .scalar(0.5), isCount: false, into: 2) },
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
        broken.instructions[3] = .expandRows(.register(1), into: 0)
        broken.instructions[4] = .binary(.subtract, .register(0), .register(0), into: 2)
        #expect(fault(broken) == nil)
        #expect(throws: DPPAError.self) { try broken.verifyRegisters(of: program(), kept: [5], names: [5]) }
        #expect(throws: DPPAError.self) { try program().verifyRegisters(of: program(), kept: [5], names: [4]) }
        #expect(throws: DPPAError.self) {
            var unwritten = program([.unary(.abs, 0, into: 1)])
            _ = try unwritten.allocateRegisters(keeping: [1])
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
        #expect(right.coarse.count >= 3 && right.jobs.count >= 3)
        for (stage, nodes) in right.coarse {
            for (place, node) in nodes.enumerated() {
                #expect(isNoticed { $0.coarse[stage]?.remove(at: place) }, "without \(graph.formula(node))")
                #expect(isNoticed { $0.coarse[Stage(epoch: 9), default: []].append(node) })
            }
        }
        for (stage, jobs) in right.jobs {
            for (place, job) in jobs.enumerated() {
                #expect(isNoticed { $0.jobs[stage]?.remove(at: place) }, "without \(job)")
                #expect(
                    isNoticed {
                        $0.jobs[stage]?.remove(at: place)
                        $0.jobs[Stage(epoch: stage.epoch + 5, pass: stage.pass), default: []].append(job)
                    } || job == .write(0), "\(job) too late")
            }
        }
    }
}
