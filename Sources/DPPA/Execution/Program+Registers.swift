import DPPASupport

extension Program {
    /// Gives values that do not live at the same time one register; `kept` are read by sinks at the end.
    ///
    /// Few registers are what keeps a tile's values in the nearest cache. Returns the new names of the kept values, in order.
    package mutating func allocateRegisters(keeping kept: [Int]) throws -> [Int] {
        var lastUse: [Int: Int] = [:]
        for (index, instruction) in instructions.enumerated() {
            for register in instruction.reads { lastUse[register] = index }
            if let register = instruction.writes, lastUse[register] == nil { lastUse[register] = index }
        }
        for register in kept { lastUse[register] = Int.max }
        var names: [Int: Int] = [:]
        var free: [Int] = []
        registerCount = 0
        func name(_ register: Int) throws -> Int {
            guard let name = names[register] else {
                throw DPPAError(.internalFault, "a program reads its value \(register) before it is made")
            }
            return name
        }
        for (index, instruction) in instructions.enumerated() {
            // What nothing reads any more gives its register up, at once if the result may take it.
            let released = try Set(instruction.reads).filter { lastUse[$0] == index }.map(name).sorted(by: >)
            if instruction.worksInPlace { free.append(contentsOf: released) }
            if let register = instruction.writes {
                if free.isEmpty {
                    free.append(registerCount)
                    registerCount += 1
                }
                names[register] = free.removeLast()
            }
            instructions[index] = try instruction.renamed(name)
            if !instruction.worksInPlace { free.append(contentsOf: released) }
            if let register = instruction.writes, lastUse[register] == index { free.append(try name(register)) }
        }
        return try kept.map(name)
    }
}
