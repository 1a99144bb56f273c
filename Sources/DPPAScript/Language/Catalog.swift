import DPPA

/// The one table of the names of `dppa.v1`: what a recipe sees, and what help, stub and reference pages are made from.
package enum Catalog {
    /// Functions of the module.
    ///
    /// Those that call back into the recipe are written in Lua, in `prelude.lua`.
    package static let functions: [Function] =
        elementwise + arithmetic + reductions + matrices + fields + stacks + mixtures + activations + scoring + data
        + scripted
        + methodNames
        + spreads

    /// Methods of fields.
    package static let methods: [Function] = (comparisons + fieldMethods + adapters + results + scriptedMethods).map {
        method in
        var method = method
        method.form = .method
        return method
    }

    /// What only the prelude calls, with arguments that it has checked.
    package static let inner: [Function] =
        methodInner + layerwiseInner + [
            Function(
                name: "formula", summary: "A field as maths.", parameters: [.field("field")], returns: "a text",
                example: ""
            ) { call in
                [.string(try call.session().graph.formula(call.node(0)))]
            },
            Function(
                name: "facts", summary: "The facts of each tensor of a field.", parameters: [.field("field")],
                returns: "a list of tables", example: ""
            ) { call in
                let (session, node) = (try call.session(), try call.node(0))
                let tensors = session.graph.domain(of: node)?.tensors ?? []
                let adapter = session.modelIndex(node).map { session.graph.models[$0] }
                return [
                    .table(
                        ScriptTable(
                            array: tensors.map { tensor in
                                let facts = session.graph.facts(tensor)
                                return .table(Catalog.facts(facts, rank: adapter?.rank(of: facts.name)))
                            }))
                ]
            },
            Function(
                name: "per_tensor", summary: "A number for each tensor.",
                parameters: [.field("field"), Parameter("values", .any)], returns: "a value per tensor", example: ""
            ) { call in
                var values: [String: Double] = [:]
                for (name, value) in call.options(1).sorted(by: { $0.key < $1.key }) {
                    guard let number = value.double else {
                        throw DPPAError(
                            .data,
                            "per_tensor: the function must give a number; for \(name) it gave \(value.described)",
                            location: call.location)
                    }
                    values[name] = number
                }
                return call.result(try call.session().graph.perTensor(call.node(0), values))
            },
            Function(
                name: "group", summary: "What stands where a scope is expected.", parameters: [], returns: "a group",
                example: ""
            ) { _ in [.object(GroupObject())] },
            Function(
                name: "grouping", summary: "A scope of a recipe's own.",
                parameters: [.field("field"), Parameter("keys", .any)], returns: "a scope", example: ""
            ) { call in
                let keys = call.options(1).compactMapValues { value -> String? in
                    switch value {
                    case .string(let text): text
                    case .integer(let number): String(number)
                    case .number(let number): Graph.number(number)
                    case .bool(let flag): String(flag)
                    default: nil
                    }
                }
                return [.object(ScopeObject(try call.session().graph.grouping(call.node(0), keys)))]
            },
            Function(
                name: "scope_places",
                summary: "Which argument is a scope, from 1, of each name that has one and that Lua does not write.",
                parameters: [], returns: "a table", example: ""
            ) { _ in
                let places = functions.filter { $0.body != nil }.compactMap { function in
                    function.parameters.firstIndex { if case .scope = $0.kind { true } else { false } }.map {
                        (function.name, ScriptValue.integer($0 + 1))
                    }
                }
                return [.table(ScriptTable(fields: Dictionary(uniqueKeysWithValues: places)))]
            },
            Function(
                name: "rest", summary: "The part of a field that some parts leave.",
                parameters: [.field("field"), Parameter("parts", .anyList)], returns: "a field, or nil", example: ""
            ) { call in
                let rest = try call.session().graph.rest(of: call.node(0), without: call.nodes(1))
                return rest.map { call.result($0) } ?? [.null]
            },
            Function(
                name: "is_field", summary: "Whether a value is a field.",
                parameters: [Parameter("value", .any, isOptional: true)],
                returns: "a truth value", example: ""
            ) { call in
                if case .object(let object) = call.argument(0) { [.bool(object is NodeObject)] } else { [.bool(false)] }
            },
            Function(
                name: "branch", summary: "One field out of disjoint parts.", parameters: [Parameter("parts", .anyList)],
                returns: "a field", example: ""
            ) { call in
                call.result(try call.session().graph.branch(call.nodes(0)))
            },
        ]

    /// The check of a name's arguments alone, for what the prelude does before it calls the host or instead of it.
    static func check(of function: Function) -> Function {
        var check = function
        check.body = { _ in [] }
        return check
    }

    private static func facts(_ facts: TensorFacts, rank: Int?) -> ScriptTable {
        var fields: [String: ScriptValue] = [
            "name": .string(facts.name), "module": .string(facts.module), "role": .string(facts.role),
            "numel": .integer(facts.numel), "shape": .table(ScriptTable(array: facts.shape.map { .integer($0) })),
        ]
        if let layer = facts.layer { fields["layer"] = .integer(layer) }
        if let rank { fields["rank"] = .integer(rank) }
        if let depth = facts.depth { fields["depth"] = .number(depth) }
        return ScriptTable(fields: fields)
    }
}
