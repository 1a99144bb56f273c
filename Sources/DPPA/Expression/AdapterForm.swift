import DPPACheckpoint
import DPPAKernels
import DPPASupport

/// What a recipe wants of an adapter.
public struct AdapterRequest: Sendable {
    /// What becomes of a delta's tensors that are no matrices of linear modules.
    public enum Rest: String, Sendable, CaseIterable {
        /// Such a delta is an error.
        case error
        /// They are left out.
        case drop
        /// Their modules are written whole.
        case save
    }

    /// How large the factors are, and how they are found.
    public var options: LowRankOptions
    /// The matrices that get factors, by glob; empty for the linears of blocks.
    public var targets: [String] = []
    /// What becomes of all other tensors.
    public var rest = Rest.error
    /// The model that the adapter goes onto; nil for the one that the delta was taken from.
    public var base: NodeID?

    /// A request for the linears of a delta that has nothing else.
    public init(_ options: LowRankOptions) { self.options = options }
}

/// A delta that can be written as an adapter: its factors, and what is kept beside them.
package struct AdapterForm {
    /// The model that it goes onto, by number.
    package var base: Int
    package var names: AdapterNames
    package var factors: LowRankFactors
    /// The tensors of the base that are written whole, with the delta on them.
    package var whole: NodeID?
    /// The tensors that are left out.
    package var dropped: [TensorFacts] = []
    /// ‖δ‖² of each tensor that is left out.
    package var droppedSize: NodeID?
}

extension Graph {
    /// The approximation of a delta by matrices of low rank, which can be written as an adapter: a delta again.
    ///
    /// Throws where a tensor of the delta is neither approximated nor spoken for by `request.rest`.
    public func adapter(_ delta: NodeID, _ request: AdapterRequest) throws -> NodeID {
        guard self[delta].space == .delta, self[delta].scope.isElement, let members = domain(of: delta)?.tensors else {
            throw mistake(":lora: a \(describe(delta)) is no delta", "give what was learnt: expert - base")
        }
        let base = try adapterBase(delta, request.base)
        let model = models[base]
        let names = AdapterNames(model)
        let changed = members.filter { !isKnownZero(delta, on: $0) }.map(facts)
        guard !changed.isEmpty else {
            throw mistake(":lora: the delta is zero everywhere", "are expert and base the same model?")
        }
        for glob in request.targets where !changed.contains(where: { Glob.matches(glob, $0.name) }) {
            throw mistake(
                ":lora: the target '\(glob)' matches no tensor of the delta",
                "it has \(Phrase.counted(changed.count, "tensor")): \(Phrase.list(changed.map(\.name), limit: 3))")
        }
        var (targets, rest): ([TensorFacts], [TensorFacts]) = ([], [])
        for facts in changed {
            let obstacle = obstacle(facts, model, names)
            let isMeant =
                request.targets.isEmpty
                ? facts.isLinear && obstacle == nil : request.targets.contains { Glob.matches($0, facts.name) }
            if isMeant, let obstacle { throw mistake(":lora: the target \(facts.name.shown) is \(obstacle)") }
            if isMeant { targets.append(facts) } else { rest.append(facts) }
        }
        guard !targets.isEmpty else {
            throw mistake(
                ":lora: no tensor of the delta is the matrix of a linear module",
                "it has \(described(rest, model, names))")
        }
        try requireShapes(changed, model)
        let (wanted, others) = (Set(targets.map(\.name)), Set(rest.map(\.name)))
        guard rest.isEmpty || request.rest != .error else {
            throw mistake(
                ":lora: \(rest.count) of the \(Phrase.counted(changed.count, "tensor")) of the delta "
                    + "\(rest.count == 1 ? "gets" : "get") no factors: \(described(rest, model, names))",
                "leave them out, and be told what that loses: rest = \"drop\"",
                "write their modules whole, as modules_to_save: rest = \"save\"",
                "or take the matrices alone: delta:linears():lora { … }")
        }
        let part = try restrict(delta, ":lora") { wanted.contains($0.name) }
        var form = AdapterForm(
            base: base, names: names,
            factors: try lowRank(part, isTransposed: names.isTransposed, request.options))
        let product = try product(form.factors.up, form.factors.down)
        var result = try reinterpret(names.isTransposed ? transpose(product) : product, as: .delta)
        if !rest.isEmpty {
            let left = try restrict(delta, ":lora") { others.contains($0.name) }
            if request.rest == .save {
                form.whole = try whole(left, rest, base, wanted)
                result = try branch([result, left])
            } else {
                form.dropped = rest
                form.droppedSize = try reduce(.dot, left, with: left, over: .tensor)
            }
        }
        if let known = adapters[result], known.base != base || known.dropped != form.dropped {
            throw mistake(":lora: the same delta is an adapter already, of another base or with another rest")
        }
        adapters[result] = form
        return result
    }

    /// Throws unless a node can be written: as a model, or as an adapter.
    package func requireWritable(_ id: NodeID) throws {
        guard adapters[id] == nil else { return }
        do { try requireModel(id) } catch var error as DPPAError {
            if self[id].space == .delta {
                error.notes.append("or write it as an adapter: delta:lora { rank = 16 }, scaled before and not after")
            }
            throw error
        }
    }

    // MARK: - The base

    private func adapterBase(_ delta: NodeID, _ given: NodeID?) throws -> Int {
        if let given, case .source(let model) = self[given].operation { return model }
        let below = reachable(from: [delta])
        var found: Set<Int> = []
        for id in below {
            guard case .binary(.subtract, let a, let b) = self[id].operation, self[a].space == .model,
                self[b].space == .model
            else { continue }
            if case .source(let model) = self[b].operation { found.insert(model) }
        }
        for known in knownDifferences where below.contains(known.delta) {
            if case .source(let model) = self[known.base].operation { found.insert(model) }
        }
        if found.count > 1 {
            throw mistake(
                ":lora: the delta was taken from several models: \(Phrase.list(found.sorted().map { models[$0].label }))",
                "say which one the adapter goes onto: base = model")
        }
        // An adapter that was opened alone took its names from the first model.
        guard let base = found.first ?? models.firstIndex(where: { $0.space == .model }) else {
            throw mistake(":lora: no model is open that the adapter could go onto", "say which one: base = model")
        }
        return base
    }

    private func requireShapes(_ changed: [TensorFacts], _ base: OpenModel) throws {
        for facts in changed {
            guard let own = base[facts.name]?.facts else {
                throw mistake(":lora: \(base.title), which the adapter goes onto, has no \(facts.name.shown)")
            }
            guard own.shape == facts.shape else {
                throw mistake(
                    ":lora: \(facts.name.shown) is \(facts.shape), and \(own.shape) in \(base.title), which the adapter goes onto"
                )
            }
        }
    }

    // MARK: - What gets no factors

    /// Why a tensor cannot have factors, in words; nil where it can.
    private func obstacle(_ facts: TensorFacts, _ base: OpenModel, _ names: AdapterNames) -> String? {
        if let place = base.stackPlaces[facts.name] { return "a matrix of the stack \(place.stack.shown)" }
        if facts.shape.count == 3 { return "a stack of \(facts.shape[0]) matrices" }
        guard facts.shape.count == 2 else {
            return ["norm", "bias"].contains(facts.role) ? "a \(facts.role)" : "no matrix: its shape is \(facts.shape)"
        }
        if facts.role == "embedding" { return "an embedding" }
        guard facts.name.hasSuffix(".weight") else { return "a parameter without a linear module" }
        if names.isTransposed, facts.layer == nil { return "a linear beside the Conv1D of blocks" }
        return nil
    }

    private func described(_ rest: [TensorFacts], _ base: OpenModel, _ names: AdapterNames) -> String {
        Phrase.list(
            rest.map { facts in
                let word = obstacle(facts, base, names) ?? (facts.isLinear ? "no target" : "a \(facts.role)")
                return "\(facts.name.shown) (\(word))"
            })
    }

    /// The modules of some tensors with the delta on them; those that have factors give their biases alone.
    private func whole(
        _ left: NodeID, _ rest: [TensorFacts], _ base: Int, _ targets: Set<String>
    ) throws -> NodeID {
        let model = models[base]
        func module(_ name: String) -> Substring { name.prefix(upTo: name.lastIndex(of: ".") ?? name.startIndex) }
        let adapted = Set(targets.map { String(module($0)) })
        let ends = TiedHead(model)
        for facts in rest {
            let parameter = facts.name.split(separator: ".").last ?? ""
            let isStack = facts.shape.count == 3 || model.stackPlaces[facts.name] != nil
            guard !isStack, parameter == "weight" || parameter == "bias" else {
                throw mistake(
                    ":lora: \(facts.name.shown) cannot be written whole: it is a parameter of no module of its own",
                    "leave it out with rest = \"drop\", or write the model: base + delta")
            }
            guard ends.head != nil || ends.declared == false || facts.name != ends.embedding?.name else {
                throw mistake(
                    ":lora: \(facts.name.shown) cannot be written whole: it is the head as well, which PEFT would leave as it is",
                    "leave it out with rest = \"drop\", or write the model: base + delta")
            }
        }
        let modules = Set(rest.map { String(module($0.name)) })
        let names = Set(rest.map(\.name))
        let all = try restrict(source(model), ":lora") { facts in
            names.contains(facts.name)
                || modules.contains(String(module(facts.name))) && !adapted.contains(String(module(facts.name)))
        }
        return try binary(.add, all, left)
    }
}
