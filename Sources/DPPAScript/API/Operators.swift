import DPPA

/// The elementwise operations of the engine as names of the language, each as it is spelled.
extension Catalog {
    /// Those that are functions.
    static let elementwise: [Function] =
        UnaryOp.allCases.filter { $0.facts.spelling == .function }.map(function)
        + BinaryOp.allCases.filter { $0.facts.spelling == .function }.map(function)

    /// Those that are methods.
    static let comparisons: [Function] = BinaryOp.allCases.filter {
        if case .method = $0.facts.spelling { true } else { false }
    }.map(function)

    /// A sign of Lua that works on fields.
    struct Sign {
        /// What Lua calls it, without the underscores.
        var name: String
        var form: String
        var function: Function
        var takesMasks: Bool
    }

    /// Those that are signs: of numbers first, then of masks; between two operands, then in front.
    static let signs: [Sign] = {
        let infix = BinaryOp.allCases.compactMap { op -> Sign? in
            guard case .infix(let sign, _) = op.facts.spelling, let name = infixNames[sign] else { return nil }
            return Sign(name: name, form: "a \(sign) b", function: function(op), takesMasks: op.facts.takesMasks)
        }
        let prefix = UnaryOp.allCases.compactMap { op -> Sign? in
            guard case .prefix(let sign) = op.facts.spelling, let name = prefixNames[sign] else { return nil }
            return Sign(name: name, form: "\(sign)a", function: function(op), takesMasks: op.facts.takesMasks)
        }
        let all = infix + prefix
        return all.filter { !$0.takesMasks } + all.filter(\.takesMasks)
    }()

    /// What Lua's metatables call its signs.
    private static let infixNames = [
        "+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod", "^": "pow", "//": "idiv", "&": "band", "|": "bor",
        "~": "bxor", "<<": "shl", ">>": "shr",
    ]
    private static let prefixNames = ["-": "unm", "~": "bnot"]

    /// Lua's operators on fields, by metamethod.
    package static let operators: [String: Function] = Dictionary(
        uniqueKeysWithValues: signs.map { ("__" + $0.name, $0.function) })

    private static func function(_ op: UnaryOp) -> Function {
        let facts = op.facts
        let x = facts.operands.first
        let isSign = if case .prefix = facts.spelling { true } else { false }
        return Function(
            name: facts.symbol, form: isSign ? .sign : .function, summary: facts.summary,
            parameters: [Parameter(x, facts.takesMasks ? .mask : .value)],
            returns: "a \(facts.givesMask ? "mask" : "value") at the scope of `\(x)`",
            example: isSign ? facts.symbol + x : "\(facts.symbol)(\(x))"
        ) { call in
            call.result(try call.session().graph.unary(op, call.node(0)))
        }
    }

    private static func function(_ op: BinaryOp) -> Function {
        let facts = op.facts
        let (x, y) = facts.operands
        let (form, example): (Function.Form, String) =
            switch facts.spelling {
            case .function, .prefix: (.function, "\(facts.symbol)(\(x), \(y))")
            case .method: (.method, "\(x):\(facts.symbol)(\(y))")
            case .infix: (.sign, "\(x) \(facts.symbol) \(y)")
            }
        return Function(
            name: facts.symbol, form: form, summary: facts.summary,
            parameters: [x, y].map { Parameter($0, facts.takesMasks ? .mask : .value) },
            returns: "a \(facts.givesMask ? "mask" : "value") at the finer of both scopes", example: example
        ) { call in
            call.result(try call.session().graph.binary(op, call.node(0), call.node(1)))
        }
    }
}
