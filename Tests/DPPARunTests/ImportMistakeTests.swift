import DPPA
import DPPAImport
import DPPAScript
import Foundation
import Testing

/// Files that are no merges: each is told with its place, and none costs much.
@Suite struct ImportMistakeTests {
    private func error(_ text: String) throws -> DPPAError {
        try #require(throws: DPPAError.self) { try ImportTests.recipe(text) }
    }

    private static let moe =
        "base_model: base\nexperts: [{source_model: A, positive_prompts: [one]}, {source_model: B, positive_prompts: [two]}]\n"
    private static let ties =
        "merge_method: ties\nbase_model: base\nmodels:\n  - model: A\n    parameters: {weight: 1}\n"

    @Test(arguments: [
        ("", "merge.yml is empty", 0), ("---\n---\n# nothing\n", "is empty", 0),
        ("- a\n- b", "a merge is a mapping", 1),
        ("merge_method ties", "a merge is a mapping", 1),
        (
            "merge_metod: ties\nmodels: [{modle: A}]", "a merge has no key 'merge_metod'; did you mean 'merge_method'?",
            1
        ),
        (ties + "base_modle: x", "did you mean 'base_model'?", 6),
        ("models: [{model: A}]", "merge_method is missing", 1),
        ("merge_method: tis\nmodels: [{model: A}]", "no method 'tis'; did you mean 'ties'?", 1),
        ("merge_method: ties", "neither models nor slices", 1), (ties + "slices: []", "there is models and slices", 6),
        ("merge_method: linear\nmodels: []", "'models' is a list; this is an empty one", 2),
        ("merge_method: linear\nmodels: [A]", "a model is a mapping; this is 'A'", 2),
        ("merge_method: linear\nmodels:\n  - modle: A", "a model has no key 'modle'; did you mean 'model'?", 3),
        ("merge_method: linear\nmodels:\n  - model: A\n    weight: 1", "a model has no key 'weight'", 4),
        ("merge_method: linear\nmodels: [{model: A}]", "linear needs a weight of A", 2),
        ("merge_method: ties\nmodels: [{model: A, parameters: {weight: 1}}]", "ties needs a base_model", 1),
        ("merge_method: slerp\nbase_model: b\nmodels: [{model: A}]", "slerp needs a t", 3),
        (
            "merge_method: slerp\nbase_model: b\nmodels: [{model: A}, {model: B}]\nparameters: {t: 1}",
            "slerp takes the base and one other", 3
        ),
        ("merge_method: linear\nparameters: {weight: 1}\nmodels: [{model: A}, {model: A}]", "A is listed twice", 3),
        (ties + "parameters: {densty: 1}", "ties has no parameter 'densty'; did you mean 'density'?", 6),
        (ties + "parameters: {density: high}", "'density' is a number; this is 'high'", 6),
        (ties + "parameters: {normalize: 3}", "'normalize' is true or false; this is '3'", 6),
        (ties + "parameters: {normalize: [true, false]}", "a gradient of it is not carried over", 6),
        (
            ties + "parameters: {normalize: [{filter: mlp, value: true}, {value: false}]}",
            "normalize differs from tensor to tensor", 6
        ),
        (ties + "parameters: {density: [{filter: mlp, vale: 1}]}", "has no key 'vale'; did you mean 'value'?", 6),
        (ties + "parameters: {density: [{filter: mlp}]}", "has no value", 6),
        (ties + "parameters: {density: [{value: 1}, 2]}", "mixes values and filters", 6),
        (ties + "dtype: bf16", "'dtype' is one of float32", 6),
        (ties + "tokenizer_source: a\ntokenizer: {source: b}", "both tokenizer_source", 7),
        (ties + "modules: {a: {}, b: {}}", "there is models and modules", 6),
        ("merge_method: linear\nmodules: {a: {models: []}, b: {}}", "modules of several parts", 2),
        ("merge_method: passthrough\nslices: [{sources: [{model: A}]}]", "a source has no layer_range", 2),
        (
            "merge_method: passthrough\nslices: [{sources: [{model: A, layer_range: [4, 4]}]}]",
            "layer_range is [first, end]", 2
        ),
        (
            "merge_method: passthrough\nslices: [{sources: [{model: A, layer_range: [0, 1]}, {model: B, layer_range: [0, 1]}]}]",
            "passthrough takes one model", 2
        ),
        (
            "merge_method: linear\nparameters: {weight: 1}\nslices:\n  - sources: [{model: A, layer_range: [0, 1]}]\n  - sources: [{model: A, layer_range: [0, 1]}, {model: B, layer_range: [0, 1]}]",
            "slice 2 has 2 models beside the base, slice 1 has 1", 5
        ),
        (
            "merge_method: linear\nparameters: {weight: 1}\nslices:\n  - sources: [{model: A, layer_range: [0, 1]}, {model: B, layer_range: [0, 2]}]",
            "different numbers of layers", 4
        ),
        (
            "merge_method: slerp\nbase_model: b\nparameters: {t: 1}\nslices:\n  - sources: [{model: A, layer_range: [0, 1]}, {model: B, layer_range: [0, 1]}]",
            "the base_model is not among the sources", 2
        ),
        (
            "merge_method: passthrough\nparameters: {scale: {filter: layers.3., value: 2}}\nslices: [{sources: [{model: A, layer_range: [0, 1]}]}]",
            "names a layer, and slices number layers anew", 2
        ),
        ("name: a\n" + ties + "---\nname: a\n" + ties, "two merges have the name 'a'", 8),
        (ties + "---\n" + ties, "two merges have no name", 7),
        (
            "name: a\nmerge_method: linear\nparameters: {weight: 1}\nmodels: [{model: b}]\n---\nname: b\nmerge_method: linear\nparameters: {weight: 1}\nmodels: [{model: a}]",
            "merges need each other: a, b", 1
        ),
        (moe + "gate_mod: hidden", "a file of mergekit-moe has no key 'gate_mod'; did you mean 'gate_mode'?", 3),
        (moe + "gate_mode: hiden", "gate_mode is 'hiden'; did you mean 'hidden'?", 3),
        (moe + "experts_per_token: 3", "experts_per_token is '3'; there are 2 experts", 3),
        (moe + "experts_per_token: two", "experts_per_token is 'two'", 3),
        (moe + "architecture: mixtrl", "no architecture 'mixtrl'; did you mean 'mixtral'?", 3),
        (moe + "architecture: deepseek", "DeepSeek's mixture is not made here", 3),
        (moe + "architecture: qwen moe", "Qwen2-MoE has a shared expert", 3),
        (moe + "shared_experts: [{source_model: A}, {source_model: B}]", "mergekit-moe takes one", 3),
        (moe + "dtype: half", "'dtype' is one of", 3), (moe + "---\n" + ties, "stands alone in its file", 1),
        ("experts: [{source_model: A}]", "base_model is missing", 1),
        ("base_model: b\ngate_mode: random", "experts are missing", 1),
        ("base_model: b\nexperts: []", "'experts' is a list; this is an empty one", 2),
        ("base_model: b\nexperts: [A]", "an expert is a mapping; this is 'A'", 2),
        (
            "base_model: b\nexperts:\n  - source_modle: A",
            "an expert has no key 'source_modle'; did you mean 'source_model'?", 3
        ),
        ("base_model: b\nexperts:\n  - positive_prompts: [a]", "an expert has no source_model", 3),
        (
            "base_model: b\nexperts: [{source_model: A, positive_prompts: a}]", "'positive_prompts' is a list of texts",
            2
        ),
        (
            "base_model: b\nexperts: [{source_model: A, positive_prompts: [[a]]}]",
            "a prompt is a text; this is a list", 2
        ),
        ("base_model: b\nexperts: [{source_model: A, residual_scale: x}]", "'residual_scale' is a number", 2),
        ("base_model: b\nexperts: [{source_model: A, positive_prompts: [a]}]", "there is one expert", 1),
        ("base_model: b\nexperts: [{source_model: A}, {source_model: B}]", "A has no positive_prompts", 2),
        (
            "base_model: b\nexperts: [{source_model: A, positive_prompts: [x]}, {source_model: B, positive_prompts: [x]}]",
            "all experts have the same prompts", 2
        ),
        ("genome: {}\ntasks: []", "this is a file of mergekit-evolve", 1),
        ("layer_slices: []", "this is a file of bakllama", 1),
        ("{\"adapters\": [\"a\"], \"weights\": [1], \"combination_type\": \"ties\"}", "there is no base", 1),
        ("merge_method: linear\n\tmodels: []", "this is no YAML", 2), ("merge_method: [ties", "this is no YAML", 2),
        ("merge_method: 'ties", "this is no YAML", 1), ("a: 1\na: 2", "stands twice", 1),
        ("a: *b", "undefined alias", 1),
        ("? [a]\n: b", "a key that is a list", 1), ("a: {<<: 3}", "'<<' takes a mapping", 1),
        ("merge_method: linear\nmodels: [{model: A+B+C}]", "is no model", 2),
        ("merge_method: linear\nmodels: [{model: [A]}]", "a model is a path", 2),
    ])
    func mistakesAreTold(text: String, message: String, line: Int) throws {
        let error = try error(text)
        #expect(error.code == .data && error.message.contains(message), "\(error.message)")
        #expect(error.location?.line ?? 0 == line, "\(error.message) \(error.location?.line ?? 0)")
    }

    @Test func whatIsTooMuchIsRefused() throws {
        let laughs = (1...9).map {
            "a\($0): &a\($0) [" + Array(repeating: $0 == 1 ? "x" : "*a\($0 - 1)", count: 9).joined(separator: ", ")
                + "]"
        }
        #expect(try error(laughs.joined(separator: "\n")).message == "more than 36 aliases")
        // Fewer aliases than that make many values of few.
        let some = (1...9).map {
            "a\($0): &a\($0) [" + Array(repeating: $0 == 1 ? "x" : "*a\($0 - 1)", count: 4).joined(separator: ", ")
                + "]"
        }
        #expect(try error(some.joined(separator: "\n")).code == .limit)
        let keys = (1...9).map {
            "a\($0): &a\($0) [" + Array(repeating: $0 == 1 ? "x" : "*a\($0 - 1)", count: 4).joined(separator: ", ")
                + "]"
        }
        #expect(try error((keys + ["*a9 : x"]).joined(separator: "\n")).code == .limit)
        for open in ["[", "{a: ", "- ", "? "] {
            #expect(try error(String(repeating: open, count: 100_000)).code == .limit, "\(open)")
        }
        let deep = (0..<300).map { String(repeating: " ", count: $0 * 2) + "a:" }.joined(separator: "\n")
        #expect(try error(deep).code == .limit)
        #expect(try error("a: " + String(repeating: "x", count: 1 << 20)).code == .limit)
    }

    @Test(
        arguments: [
            ([0x61, 0x3A, 0xFF, 0x0A], "is not UTF-8"), ([0xFF, 0xFE, 0x61, 0x00], "is not UTF-8"),
            ([0x61, 0x0A, 0x00], "a zero byte"),
        ] as [([UInt8], String)])
    func bytesThatAreNoText(bytes: [UInt8], message: String) throws {
        let error = try #require(throws: DPPAError.self) {
            try MergekitImport(bytes, file: "merge.yml", templateName: nil)
        }
        #expect(error.message.contains(message))
    }

    /// Anchors, merged mappings, a byte order mark, line ends of other systems and spellings of YAML 1.1.
    @Test func spellings() throws {
        let text =
            "\u{FEFF}merge_method: ties\r\nbase_model: base\r\nx-model: 1\r\n".replacingOccurrences(
                of: "x-model: 1\r\n", with: "")
            + "models:\r\n  - &a {model: A, parameters: &p {weight: 1_0, density: .5}}\r\n  - {<<: *a, model: B}\r\nparameters: {normalize: No}\r\n"
        let made = try ImportTests.recipe(text).text
        #expect(
            made.contains("weights = 10,") && made.contains("density = 0.5,") && made.contains("normalize = false,"),
            "\(made)")
    }

    /// What a reader of bytes may meet: no prefix of a file ends the program.
    @Test func everyPrefixIsReadOrRefused() throws {
        for name in ["ties", "slices_of_two", "several", "frankenmerge_scaled"] {
            let bytes = Array(
                try String(contentsOfFile: "\(ImportTests.folder)/merges/\(name).yml", encoding: .utf8).utf8)
            for count in bytes.indices {
                _ = try? MergekitImport(Array(bytes[..<count]), file: "merge.yml", templateName: nil)
                var changed = bytes
                changed[count] = UInt8(ascii: "[")
                _ = try? MergekitImport(changed, file: "merge.yml", templateName: nil)
            }
        }
    }
}
