/// An expression of a template.
indirect enum TemplateExpression: Sendable {
    enum Operation: String, Sendable {
        case add = "+"
        case subtract = "-"
        case multiply = "*"
        case divide = "/"
        case divideWhole = "//"
        case remainder = "%"
        case join = "~"
    }

    enum Comparison: String, Sendable {
        case equal = "=="
        case unequal = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case isIn = "in"
        case isNotIn = "not in"
    }

    struct Arguments: Sendable {
        var values: [TemplateExpression] = []
        var named: [(name: String, value: TemplateExpression)] = []
    }

    case literal(TemplateValue)
    case name(String)
    case member(TemplateExpression, String)
    case element(TemplateExpression, TemplateExpression)
    case slice(TemplateExpression, TemplateExpression?, TemplateExpression?, step: TemplateExpression?)
    case call(String, Arguments)
    case method(TemplateExpression, String, Arguments)
    case filter(TemplateExpression, String, Arguments)
    case test(TemplateExpression, String, [TemplateExpression], isNegated: Bool)
    case not(TemplateExpression)
    case negative(TemplateExpression)
    case both(TemplateExpression, TemplateExpression)
    case either(TemplateExpression, TemplateExpression)
    case operation(TemplateExpression, Operation, TemplateExpression)
    case comparison(TemplateExpression, Comparison, TemplateExpression)
    case choice(TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
    case list([TemplateExpression])
    case dictionary([(key: TemplateExpression, value: TemplateExpression)])
}

/// A part of a template; lines are counted from 1.
indirect enum TemplateNode: Sendable {
    /// The parts of a condition: without one, what is done otherwise.
    struct Branch: Sendable {
        var condition: TemplateExpression?
        var line: Int
        var body: [TemplateNode]
    }

    struct Loop: Sendable {
        var names: [String]
        var values: TemplateExpression
        var condition: TemplateExpression?
        var body: [TemplateNode]
        var otherwise: [TemplateNode]
    }

    case text(String)
    case output(TemplateExpression, line: Int)
    case branches([Branch])
    case loop(Loop, line: Int)
    /// A name, or a member of a namespace, gets a value.
    case set(String, member: String?, TemplateExpression, line: Int)
    /// A name gets the text of what is inside.
    case capture(String, [TemplateNode], line: Int)
}
