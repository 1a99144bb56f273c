import DPPA

extension AlignmentOptions {
    /// What a table of options says, which has been checked.
    init(_ options: [String: ScriptValue]) {
        self.init()
        if case .table(let table)? = options["names"] { names = table.fields.compactMapValues { $0.text } }
        rows = options["rows"]?.text.flatMap(Rows.init) ?? rows
        stacks = options["stacks"]?.text.flatMap(Stacks.init) ?? stacks
        missing = options["missing"]?.text.flatMap(Missing.init) ?? missing
        extra = options["extra"]?.text.flatMap(Extra.init) ?? extra
        refused = Set(options["refuse"]?.texts.compactMap(Step.init) ?? [])
    }
}
