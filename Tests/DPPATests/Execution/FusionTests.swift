import DPPA
import Testing

/// Joined steps give the bits of the steps one by one, as a scalar interpreter of both programs finds them.
@Suite struct FusionTests {
    private let node: NodeID
    /// The largest elements of a difference.
    private let trimming = [
        Instruction(.load(source: 0), into: .element(0)), Instruction(.load(source: 1), into: .element(1)),
        Instruction(.binary(.subtract), .element(1), .element(0), into: .element(2)),
        Instruction(.unary(.abs), .element(2), into: .element(3)),
        Instruction(.kept(ElementCut(threshold: 0.3, lastIndex: 20)), .element(3), into: .element(4)),
        Instruction(.select, .element(4), .element(2), .number(0), into: .element(5)),
    ]

    init() throws { node = try Graph().constant(0) }

    /// A source in bfloat16, or in float32.
    private struct Source: TensorSource {
        let shape = [64]
        let dtype: DType
        func load(_ elements: Range<Int>, into buffer: UnsafeMutableRawPointer) throws {}
    }

    private func program(_ instructions: [Instruction]) -> Program {
        var program = Program()
        program.instructions = instructions
        program.nodes = instructions.map { _ in node }
        program.sources = [Source(dtype: .bf16), Source(dtype: .bf16), Source(dtype: .f32)]
        program.models = [0, 1, 2]
        return program
    }

    /// The values of some slots: each step on one element after the other.
    private func evaluate(_ program: Program, _ sources: [[Float]], _ kept: [Slot]) -> [[UInt32]] {
        var registers: [Slot: [Float]] = [:]
        func value(_ slot: Slot, _ index: Int) -> Float {
            switch slot {
            case .number(let number): Float(number)
            case .stored(let source): sources[source][index]
            default: registers[slot]?[index] ?? .nan
            }
        }
        func isKept(_ cut: ElementCut, _ x: Float, _ index: Int) -> Bool {
            let size = cut.ofMagnitudes ? abs(x) : x
            return x.isFinite && (size > cut.threshold || size == cut.threshold && index <= cut.lastIndex)
        }
        for step in program.instructions {
            if case .rank(let table) = step.code {
                let x = (0..<64).map { value(step.a, $0) }
                // Stable, NaN last.
                let order = x.indices.sorted { (x[$0].isNaN ? 1 : 0, x[$0], $0) < (x[$1].isNaN ? 1 : 0, x[$1], $1) }
                var values = x
                for (place, index) in order.enumerated() {
                    values[index] = table.map { program.tables[$0][place] } ?? Float(place)
                }
                registers[step.target] = values
                continue
            }
            registers[step.target] = (0..<64).map { index in
                let (a, b, c) = (value(step.a, index), value(step.b, index), value(step.c, index))
                switch step.code {
                case .load(let source): return sources[source][index]
                case .unary(let op):
                    if case .exact(let naive)? = unaryOracles[op] { return naive(a) }
                case .binary(let op):
                    if case .exact(let naive)? = binaryOracles[op] { return naive(a, b) }
                case .select: return a != 0 ? b : c
                case .kept(let cut): return isKept(cut, a, index) ? 1 : 0
                case .keep(let cut): return isKept(cut, a, index) ? b : c
                case .addSelected: return a + (b != 0 ? c : 0)
                default: break
                }
                Issue.record("\(step) is not known here")
                return 0
            }
        }
        return kept.map { slot in
            (0..<64).map { index in
                let value = value(slot, index)
                return value.isNaN ? 0x7fc0_0000 : value.bitPattern
            }
        }
    }

    @Test("A trimmed, elected mean has as many steps as it needs")
    func ties() {
        let steps =
            trimming + [
                Instruction(.binary(.multiply), .element(5), .number(1), into: .element(6)),
                Instruction(.binary(.greater), .element(6), .number(0), into: .element(7)),
                Instruction(.select, .element(7), .number(1), .number(0), into: .element(8)),
                Instruction(.select, .element(8), .element(6), .number(0), into: .element(9)),
                Instruction(.binary(.add), .element(0), .element(9), into: .element(10)),
            ]
        var fused = program(steps)
        let kept = fused.fuse(keeping: [.element(10)], rowLength: 64)
        // Both loads are kept for what is no arithmetic on two operands.
        #expect(kept == [.element(10)] && fused.instructions.count == 5, "\(fused.instructions)")
        #expect(fused.instructions.contains { if case .keep(let cut) = $0.code { cut.ofMagnitudes } else { false } })
        #expect(fused.instructions.contains { if case .addSelected = $0.code { true } else { false } })
        #expect(fused.nodes.count == 5)
        let data = [awkward(64, seed: 1), awkward(64, seed: 2), awkward(64, seed: 3)]
        #expect(evaluate(fused, data, kept) == evaluate(program(steps), data, [.element(10)]))
    }

    @Test("What is read elsewhere is still made")
    func shared() {
        var fused = program(trimming)
        // The mask, the magnitudes and a source are wanted themselves.
        let kept = fused.fuse(keeping: [.element(5), .element(4), .element(3), .element(1)], rowLength: 64)
        #expect(kept == [.element(5), .element(4), .element(3), .element(1)])
        #expect(fused.instructions.count == 5 && fused.instructions.contains { $0.target == .element(1) })
    }

    @Test("Random programs give the same bits, whatever is read from them", arguments: 0..<300)
    func random(seed: Int) {
        var random = SplitMix(UInt64(seed))
        func pick<T>(_ list: [T]) -> T { list[Int(random.next() % UInt64(list.count))] }
        var steps = (0..<3).map { Instruction(.load(source: $0), into: .element($0)) }
        func slot() -> Slot { .element(Int(random.next() % UInt64(steps.count))) }
        func operand() -> Slot { random.next() % 4 == 0 ? .number(Double(pick([0, 1, 2, -1]))) : slot() }
        for register in 3..<24 {
            let target = Slot.element(register)
            let step: Instruction =
                switch random.next() % 10 {
                case 0: Instruction(.unary(pick([.abs, .sign, .negate, .not])), slot(), into: target)
                case 1:
                    Instruction(
                        .kept(ElementCut(threshold: pick([0, 0.25, 0.5]), lastIndex: 30)), slot(), into: target)
                case 2: Instruction(.select, slot(), .number(1), .number(0), into: target)
                case 3, 4: Instruction(.select, slot(), operand(), operand(), into: target)
                case 5: Instruction(.binary(.multiply), slot(), .number(1), into: target)
                case 6: Instruction(.rank(table: nil), slot(), into: target)
                case 7:
                    Instruction(
                        .binary(pick([.multiply, .divide, .subtract])), .element(register - 1), .number(3), into: target
                    )
                default:
                    Instruction(
                        .binary(pick([.add, .add, .subtract, .greater, .equal])), slot(), operand(), into: target)
                }
            steps.append(step)
        }
        let wanted = [Slot.element(23), slot(), slot()]
        var fused = program(steps)
        let kept = fused.fuse(keeping: wanted, rowLength: 64)
        #expect(fused.instructions.count <= steps.count)
        let data = (0..<3).map { awkward(64, seed: UInt64(seed + $0)) }
        #expect(evaluate(fused, data, kept) == evaluate(program(steps), data, wanted), "\(fused.instructions)")
    }

    /// A draw below a probability that grows with the rank of a magnitude, and a quotient by where(p > 0, p, 1).
    private func ranked(divisor: Double) -> [Instruction] {
        [
            Instruction(.load(source: 0), into: .element(0)), Instruction(.load(source: 1), into: .element(1)),
            Instruction(.unary(.abs), .element(0), into: .element(2)),
            Instruction(.rank(table: nil), .element(2), into: .element(3)),
            Instruction(.binary(.multiply), .number(2), .element(3), into: .element(4)),
            Instruction(.binary(.divide), .element(4), .number(divisor), into: .element(5)),
            Instruction(.binary(.subtract), .element(5), .number(0.3), into: .element(6)),
            Instruction(.binary(.multiply), .element(6), .number(0.1), into: .element(7)),
            Instruction(.binary(.add), .number(0.7), .element(7), into: .element(8)),
            Instruction(.binary(.less), .element(1), .element(8), into: .element(9)),
            Instruction(.select, .element(9), .element(0), .number(0), into: .element(10)),
            Instruction(.binary(.greater), .element(8), .number(0), into: .element(11)),
            Instruction(.select, .element(11), .element(8), .number(1), into: .element(12)),
            Instruction(.binary(.divide), .element(10), .element(12), into: .element(13)),
        ]
    }

    @Test("What is computed of a rank alone is looked up")
    func tables() {
        let data = [awkward(64, seed: 4), awkward(64, seed: 5), awkward(64, seed: 6)]
        func check(_ steps: [Instruction], _ kept: [Slot], tables: Int, steps count: Int, rowLength: Int = 64) {
            var fused = program(steps)
            let names = fused.fuse(keeping: kept, rowLength: rowLength)
            #expect(fused.tables.count == tables && fused.instructions.count == count, "\(fused.instructions)")
            #expect(evaluate(fused, data, names) == evaluate(program(steps), data, kept))
        }
        let steps = ranked(divisor: 63)
        // A load, magnitude, rank, comparison, selection, quotient.
        check(steps, [.element(13)], tables: 1, steps: 6)
        // The probability itself is the table's too; both names of it are one.
        check(steps, [.element(13), .element(8), .element(12)], tables: 1, steps: 6)
        // Two values of a rank, the rank itself, and what is not finite stay as they were computed; so do long rows.
        check(steps, [.element(13), .element(7)], tables: 0, steps: 13)
        check(steps, [.element(13), .element(3)], tables: 0, steps: 13)
        check(ranked(divisor: 0), [.element(13)], tables: 0, steps: 13)
        check(steps, [.element(13)], tables: 0, steps: 13, rowLength: 1 << 20)
    }
}
