import DPPA

/// The check of a value against its declaration.
struct OptionCheck {
    /// What messages begin with, such as "ties: 'density'".
    let subject: String
    let declaration: OptionDeclaration
    let graph: Graph
    /// How many experts a list is for, and their word; nil where nothing counts them.
    var experts: (count: Int, word: String)?

    /// A step from a table to one of its entries: by its place from 0, or by its name.
    enum Step {
        case index(Int)
        case name(String)
    }

    /// What is wrong with an entry of the value, and the way to it.
    struct Misfit: Error {
        let error: DPPAError
        let way: [Step]
    }

    /// Throws when the value is not what the declaration says, without a place: a `Misfit` of an entry.
    func requireEntries(_ value: ScriptValue) throws {
        if declaration.spread != nil { return try requireSpread(value, isInside: false) }
        try require(value, declaration.kind)
    }

    /// The same where the way to an entry is of no use.
    func require(_ value: ScriptValue) throws {
        do { try requireEntries(value) } catch let misfit as Misfit { throw misfit.error }
    }

    private func require(_ value: ScriptValue, _ kind: OptionDeclaration.Kind) throws {
        switch (kind, value) {
        case (.any, _): break
        case (.number, .integer), (.number, .number), (.count, .integer), (.count, .number):
            try requireNumber(value, isWhole: kind == .count)
        case (.boolean, .bool), (.function, .function): break
        case (.text, .string(let text)):
            guard declaration.choices.isEmpty || declaration.choices.contains(text) else {
                throw DPPAError(
                    .data, "\(subject) cannot be '\(text)'" + Suggestions.hint(for: text, among: declaration.choices),
                    notes: ["it is one of: \(declaration.choices.joined(separator: ", "))"])
            }
        case (.path, .string(let text)) where !text.isEmpty: break
        case (.list, .table(let table)) where table.fields.isEmpty:
            if declaration.isNonempty, table.array.isEmpty { throw empty }
            for (index, element) in table.array.enumerated() {
                try inside(.index(index)) { try requireElement(element) }
            }
        case (.field, .object(is NodeObject)): break
        case (.delta, .object(let object as NodeObject)):
            guard graph[object.id].space != .model else {
                throw mismatch(value, "write expert - base")
            }
        case (.model, .object(let object as NodeObject)):
            guard graph[object.id].space == .model else { throw mismatch(value) }
        case (.models, .object(let object as NodeObject)):
            guard graph[object.id].space == .model else { throw mismatch(value) }
        case (.experts, .object(let object as NodeObject)):
            guard graph[object.id].space != .value else { throw mismatch(value) }
        case (.models, .table(let table)) where table.fields.isEmpty,
            (.experts, .table(let table)) where table.fields.isEmpty:
            guard !table.array.isEmpty else { throw empty }
            for (index, element) in table.array.enumerated() {
                try inside(.index(index)) {
                    guard case .object(let object as NodeObject) = element,
                        graph[object.id].space == .model || kind == .experts && graph[object.id].space == .delta
                    else { throw mismatch(element, isElement: true) }
                }
            }
        default: throw mismatch(value)
        }
    }

    private func requireElement(_ element: ScriptValue) throws {
        switch (declaration.element, element) {
        case (.number, .integer), (.number, .number): try requireNumber(element)
        case (.number, _): throw mismatch(element, isElement: true)
        default:
            do { try require(element, declaration.element) } catch is DPPAError {
                throw mismatch(element, isElement: true)
            }
        }
    }

    /// Runs the check of an entry; its error gets the way to it.
    private func inside(_ step: Step, _ check: () throws -> Void) throws {
        do { try check() } catch let inner as Misfit {
            throw Misfit(error: inner.error, way: [step] + inner.way)
        } catch let error as DPPAError {
            throw Misfit(error: error, way: [step])
        }
    }

    private var empty: DPPAError {
        DPPAError(.data, "\(subject) is empty; it must be \(declaration.expectation)")
    }

    private func mismatch(_ value: ScriptValue, _ hint: String = "", isElement: Bool = false) -> DPPAError {
        var (got, one) = (value.described, "one of it")
        if case .object(let object as NodeObject) = value {
            got = "a " + graph.describe(object.id)
            if let label = graph[object.id].label { one += ", '\(label)'," }
        }
        var notes = [hint]
        if case .string(let text) = value, [.model, .models, .experts].contains(declaration.kind) {
            notes.append("a path is opened first: dppa.model \"\(text.prefix(40))\"")
        }
        return DPPAError(
            .data, "\(subject) must be \(declaration.expectation); \(isElement ? one : "it") is \(got)",
            notes: notes.filter { !$0.isEmpty })
    }

    private func requireNumber(_ value: ScriptValue, isWhole: Bool = false, of place: String = "it") throws {
        guard let number = value.double else { throw mismatch(value) }
        guard number.isFinite, !isWhole || number == number.rounded() else {
            throw DPPAError(
                .data,
                "\(subject) must be \(isWhole ? "a whole number" : "a finite number"); \(place) is \(Graph.number(number))"
            )
        }
        try requireRange(number, place)
    }

    private func requireRange(_ number: Double, _ place: String) throws {
        let isLow = declaration.minimum.map { number < $0 } ?? false
        let isHigh = declaration.maximum.map { number > $0 } ?? false
        guard isLow || isHigh else { return }
        let isPercent = declaration.minimum == 0 && declaration.maximum == 1 && number > 1 && number <= 100
        throw DPPAError(
            .data, "\(subject) must be \(declaration.range); \(place) is \(Graph.number(number))",
            notes: isPercent ? ["\(Graph.number(number)) % is \(Graph.number(number / 100))"] : [])
    }

    /// A number, or what stands for one number for each tensor, or a list with one for each expert.
    private func requireSpread(_ value: ScriptValue, isInside: Bool) throws {
        switch value {
        case .integer, .number: try requireNumber(value)
        case .object(let spread as any SpreadObject):
            try requireTensors(value)
            let place = spread is GradientObject ? "an anchor of the gradient" : "a number in it"
            for number in spread.numbers { try requireRange(number, place) }
        case .object(let object as NodeObject):
            let node = graph[object.id]
            guard node.space == .value, !node.isMask else { throw mismatch(value) }
            guard node.scope == declaration.finest || node.scope.isCoarser(than: declaration.finest) else {
                throw DPPAError(
                    .data,
                    "\(subject) may be a field per \(declaration.finest.name) or coarser; it is a \(graph.describe(object.id))"
                )
            }
            for number in graph.numbers(object.id)?.values.sorted() ?? [] {
                try requireRange(number, "the number of one tensor")
            }
        case .table(let table) where !table.fields.isEmpty && table.array.isEmpty:
            try requireTensors(value)
            for (glob, value) in table.fields.sorted(by: { $0.key < $1.key }) {
                try inside(.name(glob)) { try requireNumber(value, at: glob, isInside: isInside) }
            }
        case .table(let table) where declaration.spread == .expert && !isInside && table.fields.isEmpty:
            if let experts, table.array.count != experts.count, !table.array.isEmpty || declaration.fallback == nil {
                throw DPPAError(
                    .data,
                    "\(subject) has \(counted(table.array.count, "value")) for \(counted(experts.count, experts.word))",
                    notes: ["give one number for all, or one for each"])
            }
            for (index, element) in table.array.enumerated() {
                try inside(.index(index)) { try requireSpread(element, isInside: true) }
            }
        case .table where declaration.spread == .tensor:
            throw DPPAError(
                .data, "\(subject) is one for all experts; it is \(value.described)",
                notes: ["along depth it is dppa.gradient { 0.2, 0.8 }"])
        default: throw mismatch(value)
        }
    }

    /// What differs from tensor to tensor must have a place.
    private func requireTensors(_ value: ScriptValue) throws {
        guard declaration.finest.isCoarser(than: .tensor) else { return }
        throw DPPAError(
            .data, "\(subject) is one number for all of a \(declaration.finest.name); it is \(value.described)")
    }

    private func requireNumber(_ value: ScriptValue, at glob: String, isInside: Bool) throws {
        switch value {
        case .object(is GradientObject): try requireSpread(value, isInside: true)
        case .integer, .number: try requireNumber(value, of: "'\(glob)'")
        default:
            throw DPPAError(
                .data, "\(subject): '\(glob)' must be a number or a gradient; it is \(value.described)",
                notes: [isInside ? "" : "a table goes from globs to numbers: { [\"*.mlp.*\"] = 0.3, rest = 0.5 }"])
        }
    }

    private func counted(_ count: Int, _ word: String) -> String { "\(count) \(word)\(count == 1 ? "" : "s")" }
}
