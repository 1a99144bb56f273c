import DPPA

/// What stands for a number for each tensor, as Lua holds it.
package protocol SpreadObject: ScriptObject {
    /// Every number in it, for the check of a range.
    var numbers: [Double] { get }
    /// The value in words, with its article.
    var described: String { get }
    /// The value as a report shows it.
    var shown: String { get }
    /// The number of a tensor; `depth` is where it is in the run of layers that the value is for, if that is not its stack.
    ///
    /// Throws when nothing is said of it.
    func value(at facts: TensorFacts, depth: Double?) throws -> Double
    /// What is said in it and means none of some tensors, in words.
    func idle(_ tensors: [TensorFacts]) -> [String]
}

/// Anchors over the depth of a model: `dppa.gradient { 0.2, 0.5, 0.8 }`.
package final class GradientObject: SpreadObject {
    package let anchors: [Double]
    /// What tensors outside every block have, where it is said.
    let outside: Double?
    init(_ anchors: [Double], outside: Double? = nil) { (self.anchors, self.outside) = (anchors, outside) }

    package var numbers: [Double] { anchors + [outside].compactMap(\.self) }
    package var described: String { "a gradient" }
    package var shown: String {
        "gradient " + anchors.map(Graph.number).joined(separator: ", ")
            + (outside.map { ", outside \(Graph.number($0))" } ?? "")
    }
    package func idle(_ tensors: [TensorFacts]) -> [String] { [] }

    /// The anchors' value at a tensor: linear between anchors that are spread evenly over the depth of its stack.
    ///
    /// Outside every block an embedding has the first anchor and everything else (final norm, head) the last, unless `outside`
    /// says otherwise.
    package func value(at facts: TensorFacts, depth: Double?) -> Double {
        if facts.layer == nil, let outside { return outside }
        let depth = depth ?? facts.depth ?? (facts.role == "embedding" ? 0 : 1)
        let place = depth * Double(anchors.count - 1)
        let low = min(Int(place), anchors.count - 1)
        let high = min(low + 1, anchors.count - 1)
        let part = place - Double(low)
        return (1 - part) * anchors[low] + part * anchors[high]
    }
}

/// Numbers for tensors: what a gradient or a table from globs to numbers is on a field.
extension RecipeSession {
    /// The node that a value is on the tensors of a field: a number is itself, a field the part of it on these tensors.
    ///
    /// Throws when two globs match a tensor, a glob matches none, or nothing is said of a tensor; `what` begins the message.
    func numbers(_ value: ScriptValue, on field: NodeID, _ what: String) throws -> ScriptValue {
        switch value {
        case .integer, .number: return value
        case .object(let spread as any SpreadObject):
            let tensors = graph.tensors(of: field).map(graph.facts)
            for line in spread.idle(tensors) { warn("warning: \(what): \(line)") }
            return try perTensor(field) { facts in
                do { return try spread.value(at: facts, depth: nil) } catch var error as DPPAError {
                    error.message = "\(what): \(error.message)"
                    error.location = error.location ?? graph.location
                    throw error
                }
            }
        case .object(let object as NodeObject):
            guard graph[object.id].domain != nil, let domain = graph.domain(of: field) else { return value }
            let names = Set(domain.tensors.map { graph.facts($0).name })
            return .object(NodeObject(try graph.restrict(object.id, what) { names.contains($0.name) }))
        case .table(let table) where table.array.isEmpty: return try byGlob(table.fields, on: field, what)
        default:
            throw DPPAError(
                .data, "\(what): \(value.described) is no number for each tensor", location: graph.location)
        }
    }

    private func perTensor(_ field: NodeID, _ number: (TensorFacts) throws -> Double) throws -> ScriptValue {
        var values: [String: Double] = [:]
        for tensor in graph.domain(of: field)?.tensors ?? [] {
            let facts = graph.facts(tensor)
            values[facts.name] = try number(facts)
        }
        return .object(NodeObject(try graph.perTensor(field, values)))
    }

    private func byGlob(_ table: [String: ScriptValue], on field: NodeID, _ what: String) throws -> ScriptValue {
        let globs = table.keys.filter { $0 != "rest" }.sorted()
        var used: Set<String> = []
        func mistake(_ message: String, _ note: String) -> DPPAError {
            DPPAError(.data, "\(what): \(message)", notes: [note], location: graph.location)
        }
        let result = try perTensor(field) { facts in
            let matching = globs.filter { Glob.matches($0, facts.name) }
            used.formUnion(matching)
            guard matching.count < 2 else {
                throw mistake(
                    "'\(matching[0])' and '\(matching[1])' both match \(facts.name)",
                    "each tensor has one number: make the globs disjoint")
            }
            switch table[matching.first ?? "rest"] {
            case .object(let gradient as GradientObject)?: return gradient.value(at: facts, depth: nil)
            case let value?:
                if let number = value.double { return number }
                throw mistake(
                    "'\(matching.first ?? "rest")' must be a number or a gradient; it is \(value.described)",
                    "a table goes from globs to numbers: { [\"*.mlp.*\"] = 0.3, rest = 0.5 }")
            case nil: throw mistake("no glob matches \(facts.name)", "say what holds for all others: rest = 0.5")
            }
        }
        if let idle = globs.first(where: { !used.contains($0) }) {
            let names = graph.domain(of: field)?.tensors.prefix(3).map { graph.facts($0).name } ?? []
            throw mistake("'\(idle)' matches no tensor", "the tensors are \(names.joined(separator: ", ")), …")
        }
        return result
    }

    /// Throws when numbers that are divided by the sum of cancel on some tensor, but for rounding.
    ///
    /// Only what is known without reading is looked at.
    func requireSum(_ values: [ScriptValue], _ subject: String) throws {
        var names: Set<TensorID> = []
        for case .object(let object as NodeObject) in values {
            guard let numbers = graph.numbers(object.id) else { return }
            names.formUnion(numbers.keys)
        }
        func weights(_ tensor: TensorID?) -> [Double] {
            values.compactMap { value in
                if let number = value.double { return number }
                guard let tensor, case .object(let object as NodeObject) = value else { return nil }
                return graph.numbers(object.id)?[tensor]
            }
        }
        let places: [TensorID?] = names.isEmpty ? [nil] : names.sorted { graph.facts($0).name < graph.facts($1).name }
        for place in places {
            let numbers = weights(place)
            let (sum, size) = (numbers.reduce(0, +), numbers.reduce(0) { $0 + $1.magnitude })
            guard sum.magnitude <= Graph.cancellation * size || size == 0 else { continue }
            let on = place.map { " on \(graph.facts($0).name)" } ?? ""
            throw DPPAError(
                .data,
                "\(subject): \(numbers.map(Graph.number).joined(separator: ", ")) add up to nothing\(on)"
                    + (sum == 0 ? "" : " but for rounding (\(Graph.number(sum)))"),
                notes: ["the result is divided by their sum"])
        }
    }
}
