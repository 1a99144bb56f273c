import DPPA

/// The one table of the names of `dppa.v1`: what a recipe sees, and what help, stub and reference pages are made from.
package enum Catalog {
    /// Functions of the module.
    ///
    /// Those that call back into the recipe are written in Lua, in `prelude.lua`.
    package static let functions: [Function] = arithmetic + reductions + fields + scoring + data + scripted

    /// Methods of fields.
    package static let methods: [Function] = comparisons + fieldMethods + results + scriptedMethods

    /// What only the prelude calls.
    package static let inner: [Function] = [
        Function(
            name: "formula", summary: "A field as maths.", parameters: [.field("field")], returns: "a text", example: ""
        ) { call in
            [.string(try call.session().graph.formula(call.field(0)))]
        },
        Function(
            name: "facts", summary: "The facts of each tensor of a field.", parameters: [.field("field")],
            returns: "a list of tables", example: ""
        ) { call in
            let (session, node) = (try call.session(), try call.field(0))
            let tensors = session.graph.domain(of: node)?.tensors ?? []
            return [.table(ScriptTable(array: tensors.map { .table(facts(session.graph.facts($0))) }))]
        },
        Function(
            name: "per_tensor", summary: "A number for each tensor.", parameters: [.field("field"), .table("values")],
            returns: "a value per tensor", example: ""
        ) { call in
            guard case .table(let table) = call.argument(1) else { throw call.mismatch(1, "a table of numbers") }
            var values: [String: Double] = [:]
            for (name, value) in table.fields {
                guard let number = value.double else {
                    throw DPPAError(
                        .data, "per_tensor: the function must give a number; for \(name) it gave \(value.described)",
                        location: call.location)
                }
                values[name] = number
            }
            return call.result(try call.session().graph.perTensor(call.field(0), values))
        },
        Function(
            name: "grouping", summary: "A scope of a recipe's own.", parameters: [.field("field"), .table("keys")],
            returns: "a scope", example: ""
        ) { call in
            guard case .table(let table) = call.argument(1) else { throw call.mismatch(1, "a table of keys") }
            var keys: [String: String] = [:]
            for (name, value) in table.fields {
                switch value {
                case .string(let text): keys[name] = text
                case .integer(let number): keys[name] = String(number)
                case .number(let number): keys[name] = Graph.number(number)
                case .bool(let flag): keys[name] = String(flag)
                default: break
                }
            }
            return [.object(ScopeObject(try call.session().graph.grouping(call.field(0), keys)))]
        },
        Function(
            name: "rest", summary: "The part of a field that some parts leave.",
            parameters: [.field("field"), .table("parts")],
            returns: "a field, or nil", example: ""
        ) { call in
            let rest = try call.session().graph.rest(of: call.field(0), without: nodes(call, 1))
            return rest.map { call.result($0) } ?? [.null]
        },
        Function(
            name: "branch", summary: "One field out of disjoint parts.", parameters: [.table("parts")],
            returns: "a field",
            example: ""
        ) { call in
            call.result(try call.session().graph.branch(nodes(call, 0)))
        },
    ]

    private static func nodes(_ call: Call, _ index: Int) throws -> [NodeID] {
        guard case .table(let table) = call.argument(index) else { throw call.mismatch(index, "a list of fields") }
        return try table.array.map {
            guard case .object(let object as NodeObject) = $0 else {
                throw DPPAError(
                    .data, "apply: a rule must give a field; it gave \($0.described)", location: call.location)
            }
            return object.id
        }
    }

    private static func facts(_ facts: TensorFacts) -> ScriptTable {
        var fields: [String: ScriptValue] = [
            "name": .string(facts.name), "module": .string(facts.module), "role": .string(facts.role),
            "numel": .integer(facts.numel), "shape": .table(ScriptTable(array: facts.shape.map { .integer($0) })),
        ]
        if let layer = facts.layer { fields["layer"] = .integer(layer) }
        if let depth = facts.depth { fields["depth"] = .number(depth) }
        return ScriptTable(fields: fields)
    }
}
