import DPPA

/// A name of the recipe language, as data: what runs it, and what help, stub and reference pages say of it.
package struct Function: Sendable {
    /// How recipes write a call of it.
    package enum Form: Sendable { case function, method, sign }

    package var name: String
    package var form: Form
    package var summary: String
    package var parameters: [Parameter]
    package var returns: String
    /// The type of the result, as an editor understands it.
    package var type: String
    package var errors: [String]
    package var since: String
    package var example: String
    /// What runs it, after the arguments were checked; nil for a name that is written in Lua, because it calls back into the
    /// recipe.
    package var body: (@Sendable (Call) throws -> [ScriptValue])?

    package init(
        name: String, form: Form = .function, summary: String, parameters: [Parameter], returns: String,
        type: String = "dppa.Field", errors: [String] = [], since: String = "1.0", example: String,
        body: (@Sendable (Call) throws -> [ScriptValue])? = nil
    ) {
        self.name = name
        self.form = form
        self.summary = summary
        self.parameters = parameters
        self.returns = returns
        self.type = type
        self.errors = errors
        self.since = since
        self.example = example
        self.body = body
    }
}

/// One call of a function from Lua.
package struct Call {
    package let function: Function
    package let arguments: [ScriptValue]
    /// Where the recipe made the call.
    package let location: DPPAError.Location?
    /// Whether a shipped module made it, on behalf of the recipe.
    let isShipped: Bool
    /// What the owner of the host passes to every call.
    package let context: AnyObject
    /// The texts of the recipe files.
    let sources: SourceTexts

    package var name: String { function.name }

    /// An argument; nil when there are fewer.
    package func argument(_ index: Int) -> ScriptValue { index < arguments.count ? arguments[index] : .null }

    /// Whether an argument that may be left out is there.
    func has(_ index: Int) -> Bool { if case .null = argument(index) { false } else { true } }

    /// A text that the check has let through.
    func text(_ index: Int) -> String { argument(index).text ?? "" }

    /// The named fields of a table of options.
    func options(_ index: Int) -> [String: ScriptValue] {
        if case .table(let table) = argument(index) { table.fields } else { [:] }
    }
}
