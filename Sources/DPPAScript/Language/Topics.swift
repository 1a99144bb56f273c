import DPPA

/// What the language and the program have besides names: pages for `help` and sections of the reference.
enum Topics {
    struct Topic {
        /// What `help` knows it by, the title first.
        var names: [String]
        var lines: [String]
    }

    static let all: [Topic] = [operators, scopes, perExpert, exitStatuses]

    /// The page of a topic, or of an operator.
    static func page(_ name: String) -> String? {
        guard let topic = all.first(where: { $0.names.contains(name.lowercased()) }) else { return nil }
        return (["\(topic.names[0])", ""] + topic.lines).joined(separator: "\n")
    }

    private static let operators = Topic(
        names: [
            "operators", "operator", "+", "-", "*", "/", "^", "&", "|", "~", "<", "<=", ">", ">=", "==", "~=", "and",
            "or", "not",
        ],
        lines: Catalog.signs.map { ($0.form, $0.function.summary) }.aligned("  ") + [
            "", "Fields are compared with methods, a mask for every element: x:gt(y), :ge, :lt, :le, :eq, :ne.",
            "Lua decides `x == y`, `and`, `or`, `not` and `if` once for a whole field: choose with where(mask, a, b),",
            "join masks with & and |, turn them with ~.",
            "model - model is a delta; delta + delta and number * delta are deltas; model + delta is a model.",
        ])

    private static let scopes = Topic(
        names: ["scopes", "scope", "row", "column", "tensor", "layer"],
        lines: [
            "A value has a scope: one for each element, row, column, tensor, layer or group, or one for the model.",
            "element < row, column < tensor < layer < model, and tensor < group < model.",
            "", "  row      one index of all dimensions but the last; a vector is one row",
            "  column   one index of the last dimension",
            "  tensor   one number for each tensor", "  layer    one for each block of a stack",
            "  model    one for all", "  group    what dppa.group(function(t) return key end) says", "",
            "Reductions (sum, mean, max, …) go to a coarser scope; arithmetic joins to the finer of two.",
        ])

    private static let perExpert = Topic(
        names: ["per expert and tensor", "per-expert", "per expert", "per-tensor", "per tensor", "gradients", "depth"],
        lines: [
            "An option of a method that says \"per tensor\" takes one of", "",
            "  0.3                                        a number for all tensors",
            "  dppa.gradient { 0.2, 0.5, 0.8 }            along depth: anchors spread evenly over the blocks of a stack,",
            "                                             straight lines between them; outside the blocks embeddings have",
            "                                             the first anchor and all else (final norm, head) the last",
            "  { [\"*.mlp.*\"] = 0.3, rest = 0.5 }          by name: a number or a gradient for each glob; globs are",
            "                                             disjoint, each matches something, rest is for all others",
            "  dppa.by_name { { \"*.mlp.*\", 0.3 }, 0.5 }    by name, where the first glob that matches counts; the last",
            "                                             entry is for all others",
            "  dppa.by_slice { { 16, 0.3 }, { 8, 0.5 } }  by runs of layers: 16 with the first number, 8 with the next",
            "  dppa.per_tensor(base, function(t) … end)   any field per tensor or coarser", "",
            "One that says \"per expert\" takes besides a list with one of these for each expert, in their order:", "",
            "  density = { 0.2, dppa.gradient { 0.1, 0.3 }, { [\"*.mlp.*\"] = 0.3, rest = 0.5 } }", "",
            "--set takes numbers and lists of them: --set density=0.2 or --set density=0.2,0.3,0.1.",
            "The range of the option holds for every number.",
        ])

    private static let exitStatuses = Topic(
        names: ["exit statuses", "exit-statuses", "exit status", "exit-status", "exit", "status", "statuses"],
        lines: [
            "   0   done", "  64   the command line asks for something that does not exist",
            "  65   a recipe or a checkpoint says something that cannot be",
            "  66   an input is not there or cannot be opened", "  70   a fault of this program",
            "  73   the output cannot be created", "  74   reading or writing failed half-way",
            "  75   a limit was reached: memory, instructions, time, nodes",
            " 130   stopped by Ctrl-C; nothing was written",
        ])
}
