import DPPA
import DPPAImport
import DPPAScript
import Foundation
import Testing

/// docs/from-mergekit.md: every row of its table is what import does, and a recipe that runs.
@Suite struct FromMergekitTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var method: String
        var yaml: String
        var recipe: String
        var testDescription: String { "\(method) \(yaml)" }
        var isMixture: Bool { method == "mergekit-moe" }
    }

    static let rows: [Row] = {
        let text = (try? String(contentsOfFile: Folders.project + "/docs/from-mergekit.md", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard line.hasPrefix("| "), cells.count == 3, cells[1].hasPrefix("`") else { return nil }
            func plain(_ cell: String) -> String { cell.trimmingCharacters(in: CharacterSet(charactersIn: "`")) }
            return Row(method: cells[0], yaml: plain(cells[1]), recipe: cells[2].hasPrefix("`") ? plain(cells[2]) : "")
        }
    }()

    /// What a row of mergekit-moe stands beside.
    private static let mixture: [(key: String, text: String)] = [
        ("base_model", "base_model: llama/base"),
        (
            "experts",
            "experts: [{source_model: llama/A, positive_prompts: [one]}, {source_model: llama/B, positive_prompts: [two]}]"
        ),
    ]

    /// The row with what its method needs besides.
    static func file(_ row: Row) -> String {
        let key = row.yaml.prefix { $0 != ":" }
        if row.isMixture {
            return (mixture.filter { $0.key != key }.map(\.text) + [row.yaml]).joined(separator: "\n") + "\n"
        }
        let isPair = ["slerp", "nearswap", "arcee_fusion"].contains(row.method)
        let labels = isPair || row.method == "passthrough" ? ["A"] : ["A", "B"]
        var lines: [(key: String, text: String)] = [("merge_method", "merge_method: \(row.method)")]
        if !["linear", "karcher", "passthrough"].contains(row.method) {
            lines.append(("base_model", "base_model: base"))
        }
        if !["slices", "modules"].contains(key) {
            lines.append(("models", "models: [\(labels.map { "{model: \($0)}" }.joined(separator: ", "))]"))
        }
        if ["slerp", "nearswap"].contains(row.method) { lines.append(("parameters", "parameters: {t: 0.5}")) }
        if ["ties", "nuslerp", "linear"].contains(row.method), !row.yaml.contains("weight") {
            let more = key == "parameters" ? "" : "parameters: {weight: 0.5}"
            if !more.isEmpty { lines.append(("parameters", more)) }
        }
        let fitted =
            row.method == "linear" && key == "parameters"
            ? row.yaml.replacing("{", with: "{weight: 0.5, ", maxReplacements: 1) : row.yaml
        return (lines.filter { $0.key != key }.map(\.text) + [fitted]).joined(separator: "\n") + "\n"
    }

    @Test(arguments: rows) func aRowIsTrue(_ row: Row) throws {
        let made = try ImportTests.recipe(Self.file(row), template: "merge.jinja")
        func flat(_ text: String) -> String {
            text.replacing("\n", with: " ").split(separator: " ").joined(separator: " ").replacing(", }", with: " }")
        }
        #expect(row.recipe.isEmpty || flat(made.text).contains(flat(row.recipe)), "\(made.text)")
        let scratch = try Scratch()
        if let template = made.template { _ = try scratch.write(template, "merge.jinja") }
        func merged() throws {
            if row.isMixture {
                _ = try MixtureTests.made(made.text, in: scratch)
            } else {
                _ = try ImportTests.merged(made.text, in: scratch)
            }
        }
        guard !row.recipe.hasPrefix("error(") else {
            let error = try #require(throws: DPPAError.self) { try merged() }
            #expect(!made.warnings.isEmpty && error.location?.line != nil)
            return
        }
        try merged()
    }

    @Test func everyMethodAndKeyHasARow() {
        let methods = Set(Self.rows.filter { !$0.isMixture }.map(\.method))
        #expect(
            methods == CompatibilityTests.methods.subtracting(["average", "dare"]).union(["linear", "dare_linear"]))
        let text = Self.rows.map(\.yaml).joined(separator: " ")
        for key in [
            "weight", "normalize", "t:", "filter", "density", "rescale", "lambda", "int8_mask", "gamma", "epsilon",
            "select_topk", "r:",
            "alpha", "filter_wise", "max_iter", "tol", "nuslerp_flatten", "nuslerp_row_wise", "normalize_weights",
            "eps", "scale", "slices",
            "layer_range", "dtype", "out_dtype", "base_model", "modules", "tokenizer_source", "tokenizer:",
            "pad_to_multiple_of", "tokens",
            "chat_template", "gate_mode", "experts:", "source_model", "positive_prompts", "negative_prompts",
            "noise_scale",
            "residual_scale", "experts_per_token", "shared_experts", "architecture",
        ] { #expect(text.contains(key), "\(key)") }
    }
}
