import DPPA

/// A node as Lua holds it.
package final class NodeObject: ScriptObject {
    let id: NodeID
    init(_ id: NodeID) { self.id = id }
}

/// Reading the arguments of a call as what expressions are made of.
extension Call {
    /// The run that the call belongs to, with its graph at the place of the call.
    func session() throws -> RecipeSession {
        guard let session = context as? RecipeSession else {
            throw DPPAError(.internalFault, "\(name) was called outside a recipe")
        }
        session.graph.location = location
        return session
    }

    /// A node, or a number as a constant.
    func node(_ index: Int) throws -> NodeID {
        switch argument(index) {
        case .object(let object as NodeObject): return object.id
        case .integer(let value): return try session().graph.constant(Double(value))
        case .number(let value): return try session().graph.constant(value)
        default: throw mismatch(index, "a field or a number")
        }
    }

    /// A node that has tensors.
    func field(_ index: Int) throws -> NodeID {
        guard case .object(let object as NodeObject) = argument(index) else { throw mismatch(index, "a field") }
        return object.id
    }

    /// A scope by name, or a grouping.
    func scope(_ index: Int) throws -> Scope {
        switch argument(index) {
        case .object(let object as ScopeObject): return object.scope
        case .string(let text):
            if let scope = Scope.named.first(where: { $0.name == text }) { return scope }
            throw mismatch(index, "a scope", Suggestions.sentence(for: text, among: Scope.named.map(\.name)))
        default: throw mismatch(index, "a scope: 'row', 'column', 'tensor', 'layer', 'model' or a group")
        }
    }

    /// A share, or `{ count = k }`.
    func amount(_ index: Int) throws -> (node: NodeID, isCount: Bool) {
        guard case .table(let table) = argument(index) else { return (try node(index), false) }
        switch table["count"] {
        case .integer(let count)? where count >= 0: return (try session().graph.constant(Double(count)), true)
        case .number(let count)? where count >= 0: return (try session().graph.constant(count), true)
        case .object(let object as NodeObject)?: return (object.id, true)
        default: throw mismatch(index, "a fraction, or { count = k } with k from 0")
        }
    }

    /// A dtype by one of its names.
    func dtype(_ value: ScriptValue, _ what: String) throws -> DType {
        guard case .string(let text) = value, let dtype = DType(userSpelling: text), dtype.isFloat else {
            throw DPPAError(
                .data, "\(name): \(what) must be a dtype; it is \(value.described)",
                notes: ["one of: " + DType.userSpellings.joined(separator: ", ")], location: location)
        }
        return dtype
    }

    func result(_ id: NodeID) -> [ScriptValue] { [.object(NodeObject(id))] }

    /// The error for an argument of the wrong kind.
    func mismatch(_ index: Int, _ expected: String, _ notes: String...) -> DPPAError {
        let parameter = index < function.parameters.count ? " '\(function.parameters[index].name)'" : ""
        let got: String =
            if case .object(let object as NodeObject) = argument(index), let session = try? session() {
                "a " + session.graph.describe(object.id)
            } else {
                argument(index).described
            }
        return DPPAError(
            .data, "\(name): argument \(index + 1)\(parameter) must be \(expected); it is \(got)", notes: notes,
            location: location)
    }
}

/// A grouping of tensors as Lua holds it.
package final class ScopeObject: ScriptObject {
    let scope: Scope
    init(_ scope: Scope) { self.scope = scope }
}
