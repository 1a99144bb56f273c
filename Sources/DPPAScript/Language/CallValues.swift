import DPPA

/// A node as Lua holds it.
package final class NodeObject: ScriptObject {
    let id: NodeID
    init(_ id: NodeID) { self.id = id }
}

/// A grouping of one selection's tensors as Lua holds it.
package final class ScopeObject: ScriptObject {
    let scope: Scope
    init(_ scope: Scope) { self.scope = scope }
}

/// What `dppa.group` gives: it becomes a scope beside the field that it is asked for.
package final class GroupObject: ScriptObject {}

/// Reading the arguments of a call, which have been checked, as what expressions are made of.
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
    func node(_ index: Int) throws -> NodeID { try node(argument(index)) }

    func node(_ value: ScriptValue) throws -> NodeID {
        if case .object(let object as NodeObject) = value { return object.id }
        guard let number = value.double else { throw unchecked(value) }
        return try session().graph.constant(number)
    }

    /// A share, which the last bit of a sum has not taken out of 0 to 1.
    func share(_ index: Int) throws -> NodeID {
        guard let number = argument(index).double else { return try node(index) }
        return try session().graph.constant(min(max(number, 0), 1))
    }

    /// A share, or `{ count = k }`.
    func amount(_ index: Int) throws -> (node: NodeID, isCount: Bool) {
        guard case .table(let table) = argument(index) else { return (try share(index), false) }
        return (try node(table["count"] ?? .null), true)
    }

    /// A scope by name, or a grouping.
    func scope(_ index: Int) throws -> Scope {
        if case .object(let object as ScopeObject) = argument(index) { return object.scope }
        guard let scope = Scope.named.first(where: { $0.name == argument(index).text }) else {
            throw unchecked(argument(index))
        }
        return scope
    }

    /// The nodes of a list.
    func nodes(_ index: Int) throws -> [NodeID] {
        guard case .table(let table) = argument(index) else { throw unchecked(argument(index)) }
        return try table.array.map(node)
    }

    func result(_ id: NodeID) -> [ScriptValue] {
        if isShipped { (context as? RecipeSession)?.shipped.insert(id) }
        return [.object(NodeObject(id))]
    }

    /// The check before the function lets no such value through.
    private func unchecked(_ value: ScriptValue) -> DPPAError {
        DPPAError(
            .internalFault, "\(name): \(value.described) came through the check of the arguments", location: location)
    }
}
