import DPPASupport

extension Program {
    /// Gives element values that do not live at the same time one register; `kept` are read by sinks at the end.
    ///
    /// Few registers are what keeps a tile's values in the nearest cache. Returns the new names of the kept values, in order.
    package mutating func allocateRegisters(keeping kept: [Slot]) throws -> [Slot] {
        var lastUse: [Slot: Int] = [:]
        for (index, instruction) in instructions.enumerated() {
            for slot in instruction.operands where slot.isElement { lastUse[slot] = index }
            if instruction.target.isElement, lastUse[instruction.target] == nil { lastUse[instruction.target] = index }
        }
        for slot in kept { lastUse[slot] = Int.max }
        var names: [Slot: Int] = [:]
        var free: [Int] = []
        registerCount = 0
        func name(_ slot: Slot) throws -> Int {
            guard let name = names[slot] else {
                throw DPPAError(.internalFault, "a program reads its value \(slot) before it is made")
            }
            return name
        }
        func rename(_ slot: Slot) throws -> Slot { slot.isElement ? .element(try name(slot)) : slot }
        for (index, instruction) in instructions.enumerated() {
            // What nothing reads any more gives its register up, at once if the result may take it.
            let last = Set(instruction.operands.filter { $0.isElement && lastUse[$0] == index })
            let released = try last.map(name).sorted(by: >)
            if instruction.worksInPlace { free.append(contentsOf: released) }
            if instruction.target.isElement {
                if free.isEmpty {
                    free.append(registerCount)
                    registerCount += 1
                }
                names[instruction.target] = free.removeLast()
            }
            instructions[index] = try instruction.renamed(rename)
            if !instruction.worksInPlace { free.append(contentsOf: released) }
            if instruction.target.isElement, lastUse[instruction.target] == index {
                free.append(try name(instruction.target))
            }
        }
        return try kept.map(rename)
    }
}
