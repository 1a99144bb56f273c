import DPPASupport

/// What is written with the model: its type, config.json, tokenizer and chat template.
extension MergeRecipe {
    mutating func addOutput() {
        var type = file.outDType ?? file.dtype
        // What mergekit gives in float32 it writes so, unless told otherwise.
        if file.method.isWide, file.outDType == nil { type = .float32 }
        if let type { output.append("dtype = \"\(type.name)\"") }
        switch file.dtype {
        case .float16?:
            remarks.append("mergekit computes in float16; here every step is float32, rounded once when it is written.")
        case .float64?: remarks.append("mergekit computes in float64; here every step is float32.")
        case .bfloat16? where !file.method.rounds:
            remarks.append(
                "compat is mergekit's float32: what \(file.method.name) gives in bfloat16 depends on the order of its sums."
            )
        case nil where file.method.name != "passthrough" && file.method.rounds:
            remarks.append(
                "no dtype is stated: mergekit computes in the models' own. compat = \"mergekit_bf16\" does so for bfloat16."
            )
        default: break
        }
        // Without a base among the method's models the first one's config.json would be written.
        if roles.base.isEmpty, let base = file.base, !file.isSliced, base != roles.others[0].first?.model,
            let place = roles.others[0].firstIndex(where: { $0.model == base })
        {
            output.append("config = \(otherNames[place])")
        }
    }

    mutating func addTemplate() {
        guard let (text, place) = file.chatTemplate else { return }
        if text == "auto" {
            output.append("chat_template = \"auto\"")
        } else if !text.contains("{"), !text.contains("\n"), text.utf8.count < 256 {
            refusals.append(
                ImportNote(
                    "chat_template: \(text.shown) is a file that ships with mergekit; put it beside the recipe and write "
                        + "chat_template = \"\(text.shown).jinja\"", place))
        } else {
            template = text
        }
    }

    /// The model rounded as mergekit writes it for the next merge to read.
    var intermediate: String {
        guard let type = file.outDType ?? file.dtype, type == .bfloat16 || type == .float16 else { return model }
        return "dppa.round_to(\(model), \"\(type.name)\")"
    }
}
