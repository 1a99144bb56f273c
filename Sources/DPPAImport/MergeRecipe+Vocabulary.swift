import DPPASupport

/// Merges that name a tokenizer: their models are a family with one row for each token.
extension MergeRecipe {
    /// What models are called that were opened as a family.
    struct Family {
        var base: String?
        /// The variable of the list of the others.
        var list: String
        var names: [MergekitModel: String]
    }

    /// Opens models as a family; without a base the first is what the others are fitted to.
    ///
    /// Throws where one of them is a merge of the file, and where the wish names none of them.
    mutating func openFamily(
        _ wish: TokenizerWish, base: MergekitModel?, _ models: [MergekitModel], as words: (base: String, list: String),
        _ names: inout ModelNames
    ) throws -> Family {
        let all = [base].compactMap(\.self) + models
        if let merge = all.first(where: { names.merges[$0.reference] != nil }) {
            throw DPPAError(
                .data,
                "'\(merge.reference.shown)' is a merge of this file, and a tokenizer is made of models on the disk",
                notes: ["import the merges into two recipes, and name the folder of the first in the second"],
                location: merge.place)
        }
        var fields: [String] = []
        if let base { fields.append("base = \(LuaText.quoted(names.path(base)))") }
        fields.append("experts = " + LuaText.table(models.map { LuaText.quoted(names.path($0)) }, indent: 2))
        fields += try vocabulary(wish, all, &names)
        let list = LuaText.unique(words.list, &names.used)
        let start = base.map { _ in LuaText.unique(words.base, &names.used) }
        let left = (start.map { $0 + ", " } ?? "") + list
        lines.append("local \(left) = dppa.family " + LuaText.table(fields, width: 60))
        var known: [MergekitModel: String] = [:]
        for (index, model) in models.enumerated() { known[model] = "\(list)[\(index + 1)]" }
        if let base, let start { known[base] = start }
        return Family(base: start, list: list, names: known)
    }

    /// The options of a family that say which tokens have which rows.
    private mutating func vocabulary(
        _ wish: TokenizerWish, _ models: [MergekitModel], _ names: inout ModelNames
    ) throws -> [String] {
        func reference(_ model: MergekitModel, _ words: [String]) throws -> String {
            guard let known = models.first(where: { $0 == model }) else {
                throw DPPAError(
                    .data, "the tokenizer names '\(model.reference.shown)', which is no model of this merge",
                    notes: [
                        "its models are \(Phrase.list(models.map { "'\($0.reference.shown)'" }))",
                        "a row of zeros is source: { kind: zero }",
                    ],
                    location: model.place)
            }
            let text = names.reference(known)
            guard !words.contains(text) else {
                throw DPPAError(
                    .data, "a model called '\(text.shown)' cannot be told from the word in a tokenizer of a recipe",
                    notes: ["give its folder another name, or write a path with more parts"], location: model.place)
            }
            return LuaText.quoted(text)
        }
        var fields: [String] = []
        switch wish.source {
        case .union: fields.append("vocabulary = \"union\"")
        case .base:
            guard file.base != nil else {
                throw DPPAError(
                    .data, "the tokenizer is to be the base's, and there is no base_model",
                    notes: ["mergekit takes that of any of the models then; name one: tokenizer_source: path"],
                    location: wish.place)
            }
            fields.append("vocabulary = \"base\"")
        case .model(let model):
            fields.append(
                "vocabulary = " + (model == file.base ? "\"base\"" : try reference(model, ["base", "union"])))
        }
        if !wish.rows.isEmpty {
            let rows = try wish.rows.map { row -> String in
                let from = try row.origin.model.map { try reference($0, ["zero", "mean"]) } ?? "\"zero\""
                var parts: [String] = []
                if case .token(_, let token) = row.origin { parts.append("token = \(LuaText.quoted(token))") }
                if case .id(_, let id) = row.origin { parts.append("id = \(id)") }
                if row.isForced { parts.append("force = true") }
                return "[\(LuaText.quoted(row.token))] = "
                    + (parts.isEmpty ? from : LuaText.table(["from = \(from)"] + parts))
            }
            fields.append("tokens = " + LuaText.table(rows, indent: 2))
        }
        fields.append("pad_to_multiple = \(wish.multiple ?? 1)")
        if wish.multiple == nil {
            remarks.append(
                "pad_to_multiple = 1: mergekit keeps no rows behind the last token; without the option they stay.")
        } else {
            remarks.append("rows behind the last token are the base's where it has them; mergekit makes means.")
        }
        if case .union = wish.source {
            remarks.append(
                "pieces of other models come with their merges; mergekit cuts them out of every text, as added tokens.")
        }
        return fields
    }
}
