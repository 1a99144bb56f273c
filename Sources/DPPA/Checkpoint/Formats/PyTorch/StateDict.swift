import DPPASupport

/// The tensors of a state_dict by name, wherever a file has it: as a whole, or in one of the places where trainings put it.
struct StateDict {
    /// The tensors in the order of the file, by their places in the machine's memory.
    private(set) var tensors: [(name: String, tensor: Int)] = []
    /// What was left aside, in words.
    private(set) var notices: [String] = []
    private let machine: PickleMachine

    /// The keys under which trainings keep a state_dict among other things.
    private static let wrappers = ["state_dict", "model_state_dict", "model", "module"]

    /// Finds the tensors in what a pickle holds.
    ///
    /// Throws `data` when there is no dict of tensors, or more than one that may be meant, with the keys.
    init(_ root: Pickle.Value, _ machine: PickleMachine) throws {
        self.machine = machine
        let path = machine.bytes.path
        guard case .dictionary(let dictionary) = root else {
            throw Self.misfit(path, "it holds \(root.description) where a dict of tensors is expected")
        }
        let entries = try Self.named(machine.dictionaries[dictionary], machine)
        if entries.contains(where: { $0.value.isTensor }) || entries.isEmpty {
            try take(entries, "")
            return
        }
        let inner = entries.filter { holdsTensors($0.value) }
        let found = inner.filter { Self.wrappers.contains($0.name) }
        guard found.count == 1, case .dictionary(let dictionary) = found[0].value else {
            let keys = Phrase.list((inner.isEmpty ? entries : inner).map(\.name.shown), limit: 8)
            throw Self.misfit(
                path,
                inner.isEmpty
                    ? "its dict holds no tensors; its keys are \(keys)"
                    : "its tensors are in dicts of its dict, and nothing tells which are the model's: \(keys)")
        }
        try take(Self.named(machine.dictionaries[dictionary], machine), " in \(found[0].name)")
        let others = entries.map(\.name).filter { $0 != found[0].name }
        notices.insert(
            "\(path): the tensors in \(found[0].name) were read"
                + (others.isEmpty ? "" : "; left aside beside it: \(Phrase.list(others.map(\.shown), limit: 8))"), at: 0
        )
    }

    /// Takes the tensors of a dict; what else is in it is left aside, but for further tensors.
    private mutating func take(_ entries: [(name: String, value: Pickle.Value)], _ place: String) throws {
        let path = machine.bytes.path
        var (names, others): (Set<String>, [String]) = ([], [])
        for (name, value) in entries {
            guard names.insert(name).inserted else { throw Self.misfit(path, "its dict has two entries \(name.shown)") }
            if case .tensor(let number) = value {
                tensors.append((name, number))
            } else if holdsTensors(value) {
                throw Self.misfit(path, "it has tensors beside others that are in a dict of their own, \(name.shown)")
            } else {
                others.append("\(name.shown) (\(value.description))")
            }
        }
        guard !others.isEmpty else { return }
        notices.append(
            "\(path): \(Phrase.counted(others.count, "value"))\(place) left aside that "
                + "\(others.count == 1 ? "is no tensor" : "are no tensors"): \(Phrase.list(others))")
    }

    private func holdsTensors(_ value: Pickle.Value) -> Bool {
        guard case .dictionary(let dictionary) = value else { return false }
        return machine.dictionaries[dictionary].contains { $0.value.isTensor }
    }

    /// The entries of a dict, whose keys must be texts where they are tensors' names.
    private static func named(
        _ entries: [(key: Pickle.Value, value: Pickle.Value)], _ machine: PickleMachine
    ) throws -> [(name: String, value: Pickle.Value)] {
        try entries.map { key, value in
            guard case .text(let text) = key else {
                throw misfit(machine.bytes.path, "its dict has \(key.description) as a key; names are texts")
            }
            return (machine.texts[text], value)
        }
    }

    private static func misfit(_ path: String, _ words: String) -> DPPAError {
        DPPAError(
            .data, "\(path): \(words)",
            notes: [
                "load it where it was written, and save the model's state_dict by itself: torch.save(model.state_dict(), …)"
            ])
    }
}

extension Pickle.Value {
    var isTensor: Bool {
        if case .tensor = self { return true }
        return false
    }
}
