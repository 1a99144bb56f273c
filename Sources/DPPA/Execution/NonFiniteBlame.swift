import DPPAExpression
import DPPAKernels
import DPPASupport

/// An output that is not finite although the inputs are, at that element; the engine turns it into an error in words.
struct NonFiniteOutput: Error {
    var tensor: TensorID
    var index: Int
    var value: Float
    var dtype: DType
    /// The first operation whose result is not finite; nil if the output type cannot hold the number.
    var node: NodeID?
    /// What that operation divides by, if it divides.
    var divisor: Float?
}

/// Finding out why something is not finite: a model that holds such elements comes before an operation of the recipe.
extension Engine {
    /// The error for the user.
    func described(_ output: NonFiniteOutput) throws -> DPPAError {
        let facts = graph.facts(output.tensor)
        let name = "\(facts.name.shown)[\(Self.position(output.index, facts.shape))]"
        guard let node = output.node else {
            return DPPAError(
                .data, "\(name) is \(output.value) in \(output.dtype.rawValue): the number is too large for this type",
                notes: ["write another one with --dtype f32 or --dtype bf16"])
        }
        for operand in try coarseOperands(of: node, on: output.tensor) {
            if let error = try blame(operand, for: output.tensor) { return error }
        }
        let dividesByZero = output.divisor == 0
        if dividesByZero, let weights = try weights(dividedBy: node, on: output.tensor) {
            return DPPAError(
                .data, "\(name): the weights \(weights.joined(separator: ", ")) add up to nothing there",
                notes: ["the result is divided by their sum"], location: graph[node].location)
        }
        let (formula, value) = (graph.formula(node, depth: 2), Self.words(Double(output.value)))
        return DPPAError(
            .data,
            "\(name) is not finite although every input is: `\(formula)` "
                + (dividesByZero ? "divides by 0, which gives \(value)" : "gives \(value)"),
            notes: [
                dividesByZero
                    ? "guard the division: x / where(y:eq(0), 1, y), or where(…, …, 0) around it"
                    : "guard the operation with where(…, …, 0), as for a logarithm of something that can be 0"
            ], location: graph[node].location)
    }

    /// The weights whose sum a division divides by, on a tensor: numbers where there is one for the tensor, else formulas.
    private func weights(dividedBy id: NodeID, on tensor: TensorID) throws -> [String]? {
        guard case .binary(.divide, _, var divisor) = graph[id].operation else { return nil }
        while graph.summedWeights[divisor] == nil {
            switch graph[divisor].operation {
            case .restrict, .broadcast, .reinterpret, .branch:
                guard let inner = try graph.operands(of: divisor, on: tensor).first else { return nil }
                divisor = inner
            default: return nil
            }
        }
        return graph.summedWeights[divisor]?.map { weight in
            number(weight, on: tensor).map(Graph.number) ?? "`\(graph.formula(weight, depth: 3))`"
        }
    }

    /// The number of a value that has one for a tensor.
    private func number(_ id: NodeID, on tensor: TensorID) -> Double? {
        if case .constant(let bits) = graph[id].operation { return Double(bitPattern: bits) }
        if let number = graph.numbers(id)?[tensor] { return number }
        if case .restrict(let inner) = graph[id].operation { return number(inner, on: tensor) }
        guard graph[id].scope.isScalar else { return nil }
        return graph.instance(of: tensor, at: graph[id].scope).flatMap { store.scalar(id, $0) }
    }

    /// The operands of an element's operation that are given to it as one number, or one for each row or column.
    private func coarseOperands(of id: NodeID, on tensor: TensorID) throws -> [NodeID] {
        var (open, found) = (try graph.operands(of: id, on: tensor), [NodeID]())
        while let id = open.popLast() {
            switch graph[id].operation {
            case .restrict, .broadcast, .reinterpret, .branch: open += try graph.operands(of: id, on: tensor)
            default: if !graph[id].scope.isElement { found.append(id) }
            }
        }
        return found.sorted()
    }

    /// The error for a coarse value that is not finite on a tensor; nil if it is finite as far as can be told.
    private func blame(_ root: NodeID, for tensor: TensorID) throws -> DPPAError? {
        let uses = graph.uses([root: [tensor]])
        let origin = uses.keys.sorted().lazy.compactMap { id in
            self.nonFinite(id, on: uses[id, default: []]).map { (id: id, value: $0.value, tensor: $0.tensor) }
        }.first
        let id = origin?.id ?? root
        // The values of rows are not kept: there only what they are made of can be looked at.
        guard origin != nil || graph[root].scope == .row else { return nil }
        let inputs = try nonFiniteInputs(of: id, for: uses[id, default: []])
        let formula = graph.formula(id, depth: 3)
        let place = graph[id].scope == .model ? "" : " for \(graph.facts(origin?.tensor ?? tensor).name.shown)"
        guard let first = inputs.first else {
            return origin.map {
                DPPAError(
                    .data, "`\(formula)` is \(Self.words($0.value))\(place) although every input is finite",
                    notes: [
                        "guard what it is made of with where(…, …, …), as for a division by something that can be 0"
                    ],
                    location: graph[id].location)
            }
        }
        let value = origin.map { "is \(Self.words($0.value))" } ?? "is not finite"
        let others = inputs.dropFirst().prefix(4).map { "also: \(told($0))" }
        let more = inputs.count > 5 ? ["and \(inputs.count - 5) more tensors"] : []
        return DPPAError(
            .data, "\(told(first)), so `\(formula)` \(value)\(place)",
            notes: others + more + [
                "\(graph.models[first.key.model].label) is \(graph.models[first.key.model].identity.shown): get it again, or "
                    + "leave such elements out of what is reduced: where(abs(x):lt(1e30), x, 0)"
            ])
    }

    private func told(_ input: (key: ResidentKey, count: Int)) -> String {
        "\(graph.models[input.key.model].label) has \(input.count) infinite or NaN element\(input.count == 1 ? "" : "s") in "
            + graph.facts(input.key.tensor).name.shown
    }

    /// A stored value of a node that is not finite on one of some tensors, the first in name order.
    private func nonFinite(_ id: NodeID, on tensors: Set<TensorID>) -> (value: Double, tensor: TensorID)? {
        for tensor in graph.allTensors where tensors.contains(tensor) {
            let values =
                if graph[id].scope.isVector { coarse.vector(id, tensor) ?? [] } else {
                    [graph.instance(of: tensor, at: graph[id].scope).flatMap { store.scalar(id, $0) }].compactMap(
                        \.self)
                }
            if let value = values.first(where: { !$0.isFinite }) { return (value, tensor) }
        }
        return nil
    }

    /// How many infinities and NaNs the models hold that a node is made of for some tensors, in the order of models and names.
    func nonFiniteInputs(of id: NodeID, for tensors: Set<TensorID>) throws -> [(key: ResidentKey, count: Int)] {
        var found: [(key: ResidentKey, count: Int)] = []
        for (source, used) in graph.uses([id: tensors]).sorted(by: { $0.key < $1.key }) {
            guard case .source(let model) = graph[source].operation else { continue }
            for tensor in graph.tensors(of: source) where used.contains(tensor) {
                guard let input = graph.models[model].source(graph.facts(tensor).name) else { continue }
                let (total, step) = (graph.facts(tensor).numel, 1 << 16)
                let buffer = Buffer<UInt8>(min(total, step) * input.dtype.byteSize)
                var count = 0
                for start in stride(from: 0, to: total, by: step) {
                    let part = start..<min(total, start + step)
                    try input.load(part, into: buffer.pointer)
                    count += NonFinite.count(buffer.pointer, input.dtype, part.count)
                }
                if count > 0 { found.append((ResidentKey(model: model, tensor: tensor), count)) }
            }
        }
        return found
    }

    private static func words(_ value: Double) -> String {
        value.isNaN ? "NaN" : value == .infinity ? "infinity" : value == -.infinity ? "-infinity" : "\(value)"
    }

    private static func position(_ index: Int, _ shape: [Int]) -> String {
        var (rest, position) = (index, [Int]())
        for size in shape.reversed() {
            position.append(rest % max(1, size))
            rest /= max(1, size)
        }
        return position.reversed().map(String.init).joined(separator: ", ")
    }
}
