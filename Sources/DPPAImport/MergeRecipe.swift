import DPPASupport

/// One merge as Lua: how its models are opened, the call of its method, and what is written with it.
struct MergeRecipe {
    /// The lines before the model.
    var lines: [String] = []
    /// The expression of the model.
    private(set) var model = ""
    /// The options of writing it, as Lua.
    var output: [String] = []
    /// What a person has to decide, as failing lines.
    var refusals: [ImportNote] = []
    /// What is told in comments.
    var remarks: [String] = []
    private(set) var notes: [ImportNote] = []
    /// A chat template that is to lie beside the recipe.
    var template: String?
    let file: MergeFile
    let roles: MergeRoles
    /// Whether each model is opened by itself: slices and merges are not fitted to each other.
    let isOpen: Bool
    /// The variables of the base and the others.
    private var baseName = ""
    private(set) var otherNames: [String] = []
    /// The variable of the list of the others, where there is one.
    private var listName: String?

    /// Writes a merge; of several in one file, none declares its models as options of the recipe.
    init(_ file: MergeFile, isAlone: Bool, _ names: inout ModelNames) throws {
        self.file = file
        roles = try MergeRoles(file)
        let models = (roles.base + roles.others.flatMap(\.self)).map(\.model)
        isOpen = file.isSliced || !isAlone
        for model in models where model.reference.contains("+") {
            let base = model.reference.split(separator: "+").first.map(String.init) ?? ""
            guard names.merges[base] == nil else {
                throw DPPAError(
                    .data, "'\(model.reference.shown)' is an adapter on a merge, which is no model on the disk",
                    location: model.place)
            }
        }
        let options = try RecipeOptionsText(file, roles)
        notes = file.notes + options.notes
        if file.isSliced {
            try openStacks(&names)
        } else if let wish = file.tokenizer {
            try openTogether(wish, &names)
        } else if isOpen {
            openEach(&names)
        } else {
            openInputs(&names)
        }
        call(options.entries)
        addOutput()
        addTemplate()
    }

    // The models.

    private mutating func openInputs(_ names: inout ModelNames) {
        func quoted(_ part: MergeRoles.Part) -> String { LuaText.quoted(names.path(part.model)) }
        var fields: [String] = []
        if let base = roles.base.first { fields.append("base = \(quoted(base))") }
        let others = roles.others[0]
        if isSingle {
            fields.append("expert = \(quoted(others[0]))")
        } else {
            fields.append("experts = " + LuaText.table(others.map { quoted($0) }, indent: 2))
        }
        let own = isSingle ? (roles.base.isEmpty ? "model" : "expert") : roles.base.isEmpty ? "models" : "experts"
        let name = LuaText.unique(own, &names.used)
        if !roles.base.isEmpty { baseName = LuaText.unique("base", &names.used) }
        let left = (baseName.isEmpty ? "" : baseName + ", ") + name
        lines.append("local \(left) = dppa.inputs " + LuaText.table(fields, width: 60))
        otherNames = isSingle ? [name] : others.indices.map { "\(name)[\($0 + 1)]" }
        listName = isSingle ? nil : name
    }

    /// Opens the models as a family; a base that the method does not take is its base all the same, as rows come from it.
    private mutating func openTogether(_ wish: TokenizerWish, _ names: inout ModelNames) throws {
        let words = (base: "base", list: roles.base.isEmpty ? "models" : "experts")
        let family = try openFamily(wish, base: file.base, roles.others[0].map(\.model), as: words, &names)
        if !roles.base.isEmpty { baseName = family.base ?? "" }
        otherNames = roles.others[0].indices.map { "\(family.list)[\($0 + 1)]" }
        listName = family.list
    }

    /// Whether the method takes one model beside the base.
    private var isSingle: Bool {
        switch file.method.inputs {
        case .pair, .one: true
        default: false
        }
    }

    private mutating func openEach(_ names: inout ModelNames) {
        if let base = roles.base.first { baseName = names.variable(base.model) }
        otherNames = roles.others[0].map { names.variable($0.model) }
        lines += names.takeLines()
    }

    private mutating func openStacks(_ names: inout ModelNames) throws {
        for part in roles.base + roles.others.flatMap(\.self) {
            guard names.merges[part.model.reference] == nil else {
                throw DPPAError(
                    .data,
                    "'\(part.model.reference.shown)' is a merge of this file, and a stack is of models on the disk",
                    notes: ["import the merges into two recipes, and name the folder of the first in the second"],
                    location: part.model.place)
            }
        }
        let count = roles.others[0].count
        let columns =
            (roles.base.isEmpty ? [] : [("base", roles.base)])
            + (0..<count).map { index in
                (
                    count > 1 ? "expert_\(index + 1)" : roles.base.isEmpty ? "model" : "expert",
                    roles.others.map { $0[index] }
                )
            }
        let models = columns.flatMap { $1.map(\.model) }
        var family: Family?
        if let wish = file.tokenizer {
            let others = distinct(models).filter { $0 != file.base }
            let base = others.isEmpty ? nil : file.base
            family = try openFamily(
                wish, base: base, base == nil ? distinct(models) : others, as: ("start", "views"), &names)
        } else {
            for model in models { _ = names.variable(model) }
        }
        func variable(_ model: MergekitModel) -> String { family?.names[model] ?? names.variable(model) }
        var config: String?
        if let base = file.base, base != columns[0].1[0].model { config = variable(base) }
        lines += names.takeLines()
        lines.append("")
        for (number, (role, parts)) in columns.enumerated() {
            var stack = StackText(parts.map { (variable($0.model), $0.layers ?? 0..<1) })
            if columns.count > 1, stack.isJoined { stack.options.append("label = \"\(role)-slices\"") }
            if number == 0, let config { stack.options.append("config = \(config)") }
            let name = LuaText.unique(role, &names.used)
            lines += stack.lines(as: name)
            if number == 0, !roles.base.isEmpty { baseName = name } else { otherNames.append(name) }
        }
    }

    private func distinct(_ models: [MergekitModel]) -> [MergekitModel] {
        models.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    // The method.

    private mutating func call(_ options: [String]) {
        let method = file.method
        var entries = options
        let isPlain = method.name == "passthrough" && options.isEmpty
        if method.isRandom {
            entries.append("seed = 0")
            remarks.append(
                "seed is mergekit's --random-seed; without one it draws other numbers every time.")
        }
        if !isPlain { entries.append("compat = \"\(compat)\"") }
        let list = listName ?? LuaText.table(otherNames, width: 80)
        let arguments: String
        switch method.inputs {
        case .models: arguments = list
        case .one: arguments = otherNames[0]
        case .pair: arguments = "\(baseName), \(otherNames[0])"
        case .experts: arguments = "\(baseName), \(list)"
        case .vectors: arguments = "\(baseName.isEmpty ? otherNames[0] : baseName), \(list)"
        }
        model = isPlain ? arguments : "\(variable)(\(arguments), \(LuaText.table(entries, width: 70)))"
        isCalled = !isPlain
        // What is computed in a narrow type has been rounded to it before it is written in a wider one.
        if !isPlain, !method.isWide, let type = file.dtype, [.bfloat16, .float16].contains(type),
            [.float32, .float64].contains(file.outDType)
        {
            model = "dppa.round_to(\(model), \"\(type.name)\")"
        }
    }

    /// The variable of the method's module.
    var variable: String { file.method.module }
    /// Whether the module is used.
    private(set) var isCalled = false

    private var compat: String {
        let isHalf = file.dtype == .bfloat16
        if file.method.name == "passthrough" { return "mergekit" }
        return isHalf && file.method.rounds ? "mergekit_bf16" : "mergekit"
    }
}
