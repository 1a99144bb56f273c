import DPPACheckpoint
import DPPASupport

/// What must hold of a compiled program; tests and the fuzzer's recipes run with this check, others without its cost.
extension Program {
    /// Throws an `internalFault` that names the instruction unless every register is written before it is read, no result
    /// takes the place of an operand that is still needed, and all that instructions refer to is there.
    ///
    /// `kept` and `keptRows` are what sinks read at the end; `facts` is the tensor that the program is for.
    package func verify(kept: [Int], keptRows: [Row] = [], on facts: TensorFacts) throws {
        var (written, writtenRows): (Set<Int>, Set<Int>) = ([], [])
        func fail(_ what: String, _ number: Int? = nil) -> DPPAError {
            let place = number.map { "instruction \($0), \(instructions[$0]), " } ?? ""
            return DPPAError(.internalFault, "\(place)of the program for \(facts.name) \(what)")
        }
        guard nodes.count == instructions.count, models.count == sources.count else {
            throw fail("has no node or no model")
        }
        for (number, instruction) in instructions.enumerated() {
            guard written.isSuperset(of: instruction.reads), writtenRows.isSuperset(of: instruction.rowReads) else {
                throw fail("reads a register that nothing has written", number)
            }
            if let register = instruction.writes {
                guard (0..<registerCount).contains(register) else { throw fail("writes beyond the registers", number) }
                guard instruction.worksInPlace || !instruction.reads.contains(register) else {
                    throw fail("overwrites its own operand", number)
                }
                written.insert(register)
            }
            if let register = instruction.writesRow {
                guard (0..<rowRegisterCount).contains(register) else { throw fail("writes beyond the rows", number) }
                writtenRows.insert(register)
            }
            guard needsRows || !instruction.needsRows else { throw fail("needs whole rows", number) }
            guard refersToWhatIsThere(instruction, facts) else { throw fail("refers to nothing", number) }
        }
        guard written.isSuperset(of: kept), writtenRows.isSuperset(of: keptRows.compactMap(\.register)) else {
            throw fail("does not make what is read at its end")
        }
    }

    /// Throws an `internalFault` unless every register holds, whenever it is read, the value that the program before
    /// `allocateRegisters` reads there; `kept` values are under `names` at the end.
    package func verifyRegisters(of original: Program, kept: [Int], names: [Int]) throws {
        var contents: [Int: Int] = [:]
        for (number, (before, after)) in zip(original.instructions, instructions).enumerated() {
            guard before.reads == after.reads.map({ contents[$0] }) else {
                throw DPPAError(
                    .internalFault,
                    "instruction \(number), \(after), reads another value than \(before), as it was made")
            }
            if let register = after.writes { contents[register] = before.writes }
        }
        guard kept == names.map({ contents[$0] }) else {
            throw DPPAError(.internalFault, "a value that is read at the end of a program has been overwritten")
        }
    }

    private func refersToWhatIsThere(_ instruction: Instruction, _ facts: TensorFacts) -> Bool {
        func has(_ vector: Int, _ count: Int) -> Bool {
            vectors.indices.contains(vector) && vectors[vector].count == count
        }
        return switch instruction {
        case .load(let source, _): sources.indices.contains(source) && sources[source].shape == facts.shape
        case .keptInColumns(_, let thresholds, let lastRows, _):
            has(thresholds, facts.rowLength) && has(lastRows, facts.rowLength)
        case .expandColumns(let vector, _): has(vector, facts.rowLength)
        case .rowLoad(let vector, _): has(vector, facts.rowCount)
        default: true
        }
    }
}

extension Program.Instruction {
    /// Whether it works on whole rows.
    fileprivate var needsRows: Bool {
        switch self {
        case .expandRows, .keptInColumns, .rank, .rowTop: true
        default: writesRow != nil
        }
    }
}
