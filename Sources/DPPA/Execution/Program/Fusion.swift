import DPPAKernels

extension Program {
    /// Joins steps that one kernel can do in one go, drops those that change nothing, and returns what `kept` slots are now.
    ///
    /// For programs in which every register is written once. The bits of all results stay as they are: a step is joined with
    /// the one that makes its operand, when nothing else reads that, and arithmetic is neither reordered nor contracted.
    /// - `x * 1` and `where(mask, 1, 0)` are what they are made of.
    /// - `kept(|x|)` looks at magnitudes, `where(kept(x), a, b)` chooses at once, `a + where(mask, b, 0)` adds at once.
    /// - What is computed of nothing but ranks and numbers is looked up: a row's ranks are 0, 1, 2 … once each.
    /// - Arithmetic reads bfloat16 where it lies.
    package mutating func fuse(keeping kept: [Slot], rowLength: Int) -> [Slot] {
        var fusion = Fusion(self, kept)
        fusion.dropIdentities()
        fusion.join()
        fusion.tabulate(rowLength)
        fusion.readStored()
        return fusion.finish(&self)
    }
}

/// A program while its steps are joined.
private struct Fusion {
    private let program: Program
    private var steps: [Instruction]
    private var isDropped: [Bool]
    private var kept: [Slot]
    private var tables: [[Float]] = []
    /// By register of elements: the step that makes it, and how often it is read, by steps and in the end.
    private var makers: [Int]
    private var uses: [Int]

    init(_ program: Program, _ kept: [Slot]) {
        (self.program, self.kept) = (program, kept)
        steps = program.instructions
        isDropped = Array(repeating: false, count: steps.count)
        let count = steps.reduce(0) { max($0, ($1.target.element ?? -1) + 1) }
        makers = Array(repeating: -1, count: count)
        uses = Array(repeating: 0, count: count)
        for (number, step) in steps.enumerated() { if let register = step.target.element { makers[register] = number } }
    }

    /// The step that makes a register of elements.
    private func maker(_ slot: Slot) -> Instruction? { slot.element.map { steps[makers[$0]] } }

    mutating func dropIdentities() {
        var same = Array(makers.indices)
        func name(_ slot: Slot) -> Slot { slot.element.map { .element(same[$0]) } ?? slot }
        for number in steps.indices {
            steps[number] = steps[number].renamed(name)
            guard let register = steps[number].target.element, let other = unchanged(steps[number])?.element else {
                continue
            }
            same[register] = other
            isDropped[number] = true
        }
        kept = kept.map(name)
    }

    /// The operand that a step gives back as it is.
    private func unchanged(_ step: Instruction) -> Slot? {
        switch step.code {
        case .binary(.multiply) where step.b == .number(1): isArithmetic(step.a) ? step.a : nil
        case .binary(.multiply) where step.a == .number(1): isArithmetic(step.b) ? step.b : nil
        case .select where step.b == .number(1) && step.c == .number(0): isMask(step.a) ? step.a : nil
        default: nil
        }
    }

    /// Whether a value comes out of arithmetic, so that it is no signaling NaN, which a product would make quiet.
    private func isArithmetic(_ slot: Slot) -> Bool {
        if case .number = slot { return true }
        guard let step = maker(slot) else { return false }
        return switch step.code {
        case .binary(.add), .binary(.subtract), .binary(.multiply), .binary(.divide): true
        case .select: isArithmetic(step.b) && isArithmetic(step.c)
        default: false
        }
    }

    private func isMask(_ slot: Slot) -> Bool {
        switch maker(slot)?.code {
        case .binary(let op): op.facts.givesMask
        case .unary(let op): op.facts.givesMask
        case .kept, .keptMask, .keptInColumns, .top: true
        default: false
        }
    }

    mutating func join() {
        count()
        for number in steps.indices where !isDropped[number] {
            let step = steps[number]
            switch step.code {
            case .kept(let cut):
                guard let size = sole(step.a), case .unary(.abs) = size.code else { continue }
                let ofSizes = ElementCut(threshold: cut.threshold, lastIndex: cut.lastIndex, ofMagnitudes: true)
                replace(number, Instruction(.kept(ofSizes), size.a, into: step.target), joining: step.a)
            case .select:
                guard let mask = sole(step.a), case .kept(let cut) = mask.code else { continue }
                replace(number, Instruction(.keep(cut), mask.a, step.b, step.c, into: step.target), joining: step.a)
            case .binary(.add):
                guard step.a.isElement, let choice = sole(step.b), case .select = choice.code, choice.b.isElement,
                    choice.c == .number(0)
                else { continue }
                replace(
                    number, Instruction(.addSelected, step.a, choice.a, choice.b, into: step.target), joining: step.b)
            default: continue
            }
        }
    }

    /// The step that makes what one other step alone reads, once.
    private func sole(_ slot: Slot) -> Instruction? {
        slot.element.flatMap { uses[$0] == 1 && !isDropped[makers[$0]] ? steps[makers[$0]] : nil }
    }

    private mutating func replace(_ number: Int, _ step: Instruction, joining slot: Slot) {
        steps[number] = step
        if let register = slot.element { isDropped[makers[register]] = true }
    }

    private mutating func count() {
        for register in uses.indices { uses[register] = 0 }
        for slot in kept { if let register = slot.element { uses[register] += 1 } }
        for (number, step) in steps.enumerated() where !isDropped[number] {
            for slot in [step.a, step.b, step.c] { if let register = slot.element { uses[register] += 1 } }
        }
    }

    mutating func readStored() {
        // What is read by something that needs a register counts as no candidate.
        var sources: [Int?] = Array(repeating: nil, count: makers.count)
        for (number, step) in steps.enumerated() where !isDropped[number] {
            if case .load(let source) = step.code, program.sources[source].dtype == .bf16,
                let register = step.target.element
            {
                sources[register] = source
            }
        }
        for slot in kept { if let register = slot.element { sources[register] = nil } }
        for (number, step) in steps.enumerated() where !isDropped[number] {
            if case .binary(let op) = step.code, op.readsStored, step.target.isElement { continue }
            for slot in [step.a, step.b, step.c] { if let register = slot.element { sources[register] = nil } }
        }
        for (number, step) in steps.enumerated() where !isDropped[number] {
            if let register = step.target.element, sources[register] != nil {
                isDropped[number] = true
            } else {
                steps[number] = step.renamed { slot in
                    slot.element.flatMap { sources[$0] }.map { .stored($0) } ?? slot
                }
            }
        }
    }

    func finish(_ program: inout Program) -> [Slot] {
        let left = steps.indices.filter { !isDropped[$0] }
        program.instructions = left.map { steps[$0] }
        program.nodes = left.map { self.program.nodes[$0] }
        program.tables = tables
        return kept
    }
}

/// Functions of ranks.
extension Fusion {
    /// The longest row whose functions are tabulated: a table for each tensor lies in memory beside what the threads need.
    private static var longestTable: Int { 1 << 16 }

    /// Gives a rank of which one value is read the table of that value; what has led to it is dropped.
    mutating func tabulate(_ rowLength: Int) {
        guard (1...Self.longestTable).contains(rowLength) else { return }
        for number in steps.indices where !isDropped[number] {
            guard case .rank(nil) = steps[number].code, let rank = steps[number].target.element else { continue }
            var tables = [rank: RankTable(count: rowLength)]
            var read = Set(kept.compactMap(\.element))
            for later in steps.indices where later > number && !isDropped[later] {
                let step = steps[later]
                if let target = step.target.element, let table = RankTable(of: step, tables) {
                    tables[target] = table
                } else {
                    read.formUnion([step.a, step.b, step.c].compactMap(\.element))
                }
            }
            read.formIntersection(tables.keys)
            guard let result = read.min(), let table = tables[result], !read.contains(rank),
                read.allSatisfy({ tables[$0]?.bits == table.bits }),
                // What is not finite is left to the steps, of which one is to be named.
                table.values.allSatisfy(\.isFinite)
            else { continue }
            for register in tables.keys { isDropped[makers[register]] = true }
            func name(_ slot: Slot) -> Slot {
                slot.element.map { read.contains($0) } == true ? .element(result) : slot
            }
            for later in steps.indices where !isDropped[later] { steps[later] = steps[later].renamed(name) }
            kept = kept.map(name)
            // In the place of the rank: what reads it comes later.
            isDropped[number] = false
            makers[result] = number
            steps[number] = Instruction(.rank(table: self.tables.count), steps[number].a, into: .element(result))
            self.tables.append(table.values)
        }
    }
}
