import DPPAKernels
import DPPASupport

/// A value for each rank, computed by the kernels that would have computed it for each element.
struct RankTable {
    private let elements: Buffer<Float>

    var values: [Float] { elements.array() }
    var bits: [UInt32] { values.map(\.bitPattern) }

    /// The ranks themselves.
    init(count: Int) {
        elements = Buffer(count)
        for index in 0..<count { elements.pointer[index] = Float(index) }
    }

    /// What a step makes of tables and numbers; nil where it reads something else, or is no arithmetic on elements.
    init?(of step: Instruction, _ tables: [Int: RankTable]) {
        func table(_ slot: Slot) -> UnsafeMutablePointer<Float>? {
            slot.element.flatMap { tables[$0]?.elements.pointer }
        }
        func operand(_ slot: Slot) -> Operand? {
            if case .number(let number) = slot { return .scalar(Float(number)) }
            return table(slot).map { .vector(UnsafePointer($0)) }
        }
        guard let count = tables.values.first?.elements.count else { return nil }
        elements = Buffer(count)
        let out = elements.pointer
        switch step.code {
        case .unary(let op):
            guard let x = table(step.a) else { return nil }
            ElementKernels.unary(op, x, into: out, count: count)
        case .binary(let op):
            guard table(step.a) != nil || table(step.b) != nil, let a = operand(step.a), let b = operand(step.b)
            else { return nil }
            ElementKernels.binary(op, a, b, into: out, count: count)
        case .select:
            guard let mask = table(step.a), let a = operand(step.b), let b = operand(step.c) else { return nil }
            ElementKernels.select(mask, a, b, into: out, count: count)
        case .round(let dtype):
            guard let x = table(step.a) else { return nil }
            DTypeConversion.round(x, to: dtype, into: out, count: count)
        default: return nil
        }
    }
}
