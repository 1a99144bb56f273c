import DPPA

/// A parameter of a function, or an option in a table of options: what a call is checked against before the function runs,
/// and what help, stub and reference pages say.
package struct Parameter: Sendable {
    package var name: String
    package var kind: Kind
    package var isOptional: Bool
    /// What it means, where the name does not say it.
    package var help: String

    package init(_ name: String, _ kind: Kind, isOptional: Bool = false, help: String = "") {
        self.name = name
        self.kind = kind
        self.isOptional = isOptional
        self.help = help
    }

    static func field(_ name: String) -> Parameter { Parameter(name, .field) }
    static func model(_ name: String) -> Parameter { Parameter(name, .model) }
    static func value(_ name: String) -> Parameter { Parameter(name, .value) }
    static let scope = Parameter("scope", .scope)

    /// A table of options, which may be left out.
    static func options(_ options: [Parameter]) -> Parameter {
        Parameter("options", .options(options), isOptional: true)
    }

    /// An option, which may be left out unless it is required.
    static func option(_ name: String, _ kind: Kind, isRequired: Bool = false, _ help: String) -> Parameter {
        Parameter(name, kind, isOptional: !isRequired, help: help)
    }
}

extension Parameter {
    /// What a value may be.
    package indirect enum Kind: Sendable {
        case any
        /// A node that has tensors.
        case field
        /// A field of the space model, for every element.
        case model
        /// A model, or an adapter that `lora` gave.
        case writable
        /// A model as `dppa.model` gave it.
        case openedModel
        case mask
        /// A field, or a number as a constant.
        case value
        /// A number from 0 to 1, or a field of such numbers.
        case share
        /// A share, or `{ count = k }`.
        case amount
        case scope
        case text
        /// A text that is not empty.
        case name
        /// A name that can be one of a file: no `/`, no `.` in front.
        case fileName
        case path
        case glob
        case dtype([DType])
        case choice([String])
        case number(ClosedRange<Double>)
        case integer(from: Int)
        case flag
        case function
        /// A list that is not empty.
        case list(Kind)
        /// A list of anything, or of nothing.
        case anyList
        /// A table from names to values.
        case names(Kind)
        /// What gives a number for each tensor: a function of its facts, a gradient, a table from globs to numbers, a field.
        case tensorNumbers
        /// A list, or a table from names to values, or both in one; not empty.
        case entries(Kind)
        /// A table of options.
        case options([Parameter])
        case oneOf([Kind])

        /// Any finite number.
        static let anyNumber = Kind.number(-Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude)
        /// One glob or several.
        static let globs = Kind.oneOf([.glob, .list(.glob)])
    }
}

extension Parameter.Kind {
    /// What is expected, in words, with its article.
    package var words: String {
        switch self {
        case .any: "any value"
        case .field: "a field"
        case .model: "a model"
        case .writable: "a model, or an adapter that lora gave"
        case .openedModel: "a model that was opened with dppa.model"
        case .mask: "a mask"
        case .value: "a field or a number"
        case .share: "a number from 0 to 1, or a field of them"
        case .amount: "a fraction from 0 to 1, a field of them, or { count = k }"
        case .scope: "a scope: 'row', 'column', 'tensor', 'layer', 'model' or a group"
        case .text: "a text"
        case .name: "a text that is not empty"
        case .fileName: "a plain name: letters, digits, - _ + . and spaces, no '.' in front"
        case .path: "a path"
        case .glob: "a glob"
        case .dtype(let types): "a dtype: " + Self.alternatives(types.map { $0.rawValue.lowercased() })
        case .choice(let words): Self.alternatives(words.map { "\"\($0)\"" })
        case .number(let range): Self.words(of: range)
        case .integer(let from): "a whole number from \(from)"
        case .flag: "true or false"
        case .function: "a function"
        case .list(let kind): "a list of \(kind.plural)"
        case .anyList: "a list"
        case .names(let kind): "a table from names to \(kind.plural)"
        case .entries(let kind): "a list of \(kind.plural), or a table from names to them"
        case .tensorNumbers: "a function of a tensor's facts, a gradient, a table from globs to numbers or a field"
        case .options: "a table of options"
        case .oneOf(let kinds): Self.alternatives(kinds.map(\.words))
        }
    }

    /// Several of it, in words.
    private var plural: String {
        switch self {
        case .any: "values"
        case .value: "fields or numbers"
        case .share: "numbers from 0 to 1"
        case .text, .name: "texts"
        case .choice(let words): words.map { "\"\($0)\"" }.joined(separator: ", ")
        case .number, .integer:
            words.replacingPrefix("a number", "numbers").replacingPrefix("a whole number", "whole numbers")
        case .list(let kind): "lists of \(kind.plural)"
        case .options: "tables of options"
        case .oneOf(let kinds): Self.alternatives(kinds.map(\.plural))
        default: String(words.dropFirst(2)) + "s"
        }
    }

    private static func words(of range: ClosedRange<Double>) -> String {
        let (low, high) = (range.lowerBound, range.upperBound)
        let huge = Double.greatestFiniteMagnitude
        let from = low > -huge ? " from \(Graph.number(low))" : ""
        return "a number" + from + (high < huge ? " to \(Graph.number(high))" : "")
    }

    static func alternatives(_ words: [String]) -> String {
        words.count < 2
            ? words.joined() : words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
    }
}

extension String {
    fileprivate func replacingPrefix(_ prefix: String, _ other: String) -> String {
        hasPrefix(prefix) ? other + dropFirst(prefix.count) : self
    }
}
