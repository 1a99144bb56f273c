import DPPASupport

/// The tests of templates: Jinja's under their names.
extension TemplateRun {
    mutating func test(_ name: String, _ value: TemplateValue, _ arguments: [TemplateValue]) throws -> Bool {
        switch (name, value) {
        case ("defined", .undefined): return false
        case ("defined", _): return true
        case ("undefined", .undefined): return true
        case ("undefined", _): return false
        case ("none", .none): return true
        case ("string", .text): return true
        case ("mapping", .dictionary): return true
        case ("boolean", .bool): return true
        case ("integer", .integer): return true
        case ("float", .number): return true
        case ("number", .integer), ("number", .number), ("number", .bool): return true
        case ("sequence", .list), ("sequence", .text), ("sequence", .dictionary): return true
        case ("iterable", .list), ("iterable", .text), ("iterable", .dictionary): return true
        case ("true", .bool(let flag)): return flag
        case ("false", .bool(let flag)): return !flag
        case ("none", _), ("string", _), ("mapping", _), ("boolean", _), ("integer", _), ("float", _), ("number", _),
            ("sequence", _), ("iterable", _), ("true", _), ("false", _):
            return false
        case ("equalto", _), ("eq", _), ("sameas", _): return arguments.first.map { value.equals($0) } ?? false
        case ("ne", _): return arguments.first.map { !value.equals($0) } ?? true
        case ("in", _): return try holds(arguments.first ?? .undefined("in"), value)
        case ("odd", _), ("even", _):
            guard let number = value.int else { throw refusal("'\(name)' of \(value.kind)") }
            return number % 2 == 0 ? name == "even" : name == "odd"
        default: throw refusal("the test '\(name.shown)' is not read")
        }
    }
}
