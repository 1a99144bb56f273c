import DPPACheckpoint
import DPPASupport

/// What must hold of a compiled program; tests and the fuzzer's recipes run with this check, others without its cost.
extension Program {
    /// Throws an `internalFault` that names the instruction unless every register is written before it is read, no result
    /// takes the place of an operand that is still needed, and all that instructions refer to is there.
    ///
    /// `kept` is what sinks read at the end; `facts` is the tensor that the program is for.
    package func verify(kept: [Slot], on facts: TensorFacts) throws {
        var written: Set<Slot> = []
        func fail(_ what: String, _ number: Int? = nil) -> DPPAError {
            let place = number.map { "instruction \($0), \(instructions[$0]), " } ?? ""
            return DPPAError(.internalFault, "\(place)of the program for \(facts.name) \(what)")
        }
        guard nodes.count == instructions.count, models.count == sources.count else {
            throw fail("has no node or no model")
        }
        for (number, instruction) in instructions.enumerated() {
            guard written.isSuperset(of: instruction.operands.filter(\.isRegister)) else {
                throw fail("reads a register that nothing has written", number)
            }
            switch instruction.target {
            case .element(let register):
                guard (0..<registerCount).contains(register) else { throw fail("writes beyond the registers", number) }
            case .row(let register):
                guard (0..<rowRegisterCount).contains(register) else { throw fail("writes beyond the rows", number) }
            case .number, .stored, .none: throw fail("has no result", number)
            }
            guard instruction.worksInPlace || !instruction.operands.contains(instruction.target) else {
                throw fail("overwrites its own operand", number)
            }
            written.insert(instruction.target)
            for case .stored(let source) in instruction.operands {
                guard sources.indices.contains(source), sources[source].dtype == .bf16,
                    sources[source].shape == facts.shape,
                    case .binary(let op) = instruction.code, op.readsStored, instruction.target.isElement
                else { throw fail("reads what it cannot where it is stored", number) }
            }
            guard needsRows || !instruction.needsRows else { throw fail("needs whole rows", number) }
            guard refersToWhatIsThere(instruction, facts) else { throw fail("refers to nothing", number) }
        }
        guard written.isSuperset(of: kept.filter(\.isRegister)) else {
            throw fail("does not make what is read at its end")
        }
    }

    /// Throws an `internalFault` unless every register holds, whenever it is read, the value that the program before
    /// `allocateRegisters` reads there; `kept` values are under `names` at the end.
    package func verifyRegisters(of original: Program, kept: [Slot], names: [Slot]) throws {
        var contents: [Slot: Slot] = [:]
        func elements(_ slots: [Slot]) -> [Slot] { slots.filter(\.isElement) }
        for (number, (before, after)) in zip(original.instructions, instructions).enumerated() {
            guard elements(before.operands) == elements(after.operands).map({ contents[$0] }) else {
                throw DPPAError(
                    .internalFault,
                    "instruction \(number), \(after), reads another value than \(before), as it was made")
            }
            contents[after.target] = before.target
        }
        guard elements(kept) == elements(names).map({ contents[$0] }) else {
            throw DPPAError(.internalFault, "a value that is read at the end of a program has been overwritten")
        }
    }

    private func refersToWhatIsThere(_ instruction: Instruction, _ facts: TensorFacts) -> Bool {
        func has(_ vector: Int, _ count: Int) -> Bool {
            vectors.indices.contains(vector) && vectors[vector].count == count
        }
        return switch instruction.code {
        case .load(let source): sources.indices.contains(source) && sources[source].shape == facts.shape
        case .keptInColumns(let thresholds, let lastRows):
            has(thresholds, facts.rowLength) && has(lastRows, facts.rowLength)
        case .spreadColumns(let vector): has(vector, facts.rowLength)
        case .rows(let vector): has(vector, facts.rowCount)
        case .keptMask(let mask): masks.indices.contains(mask)
        case .rank(let table?): tables.indices.contains(table) && tables[table].count == facts.rowLength
        default: true
        }
    }
}
