import DPPA
import DPPAImport
import DPPAScript
import Foundation
import Testing

/// Recipes made of mergekit configurations, against whole runs of mergekit 0.1.5: see Fixtures/import/generate.py.
@Suite struct ImportTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        var name: String
        var dtype: String
        var layers: Int
        var tensors: Int
        var testDescription: String { name }
    }

    static let folder = Folders.fixtures + "/import"
    static let cases = Result {
        try JSONDecoder().decode([Case].self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/cases.json")))
    }
    static let expected = Result { try Written(folder + "/expected.safetensors") }

    static func recipe(_ text: String, template: String? = nil) throws -> MergekitImport {
        try MergekitImport(Array(text.utf8), file: "merge.yml", templateName: template)
    }

    /// The files whose results depend on the order of sums; all others are equal bit for bit.
    static let summed: Set<String> = [
        "karcher", "linear", "model_stock", "multislerp", "nuslerp", "nuslerp_models", "sce", "slerp_models",
        "slices_linear",
    ]

    /// Runs a recipe with the fixture's models.
    static func merged(_ text: String, in scratch: Scratch) throws -> (outcome: RecipeOutcome, model: Written) {
        var engine = EngineOptions(threads: 2)
        engine.verifiesPrograms = true
        return try run(try scratch.write(text, "merge.lua"), engine: engine, in: scratch) {
            $0.modelRoots = [folder + "/models"]
        }
    }

    /// Runs a recipe that saves several models.
    static func outcome(_ text: String, in scratch: Scratch) throws -> RecipeOutcome {
        var request = RecipeRun.Request(out: scratch.path + "/out")
        request.modelRoots = [folder + "/models"]
        return try RecipeRun(try scratch.write(text, "merge.lua")).run(request)
    }

    @Test(arguments: (try? cases.get()) ?? []) func agreesWithMergekit(_ entry: Case) throws {
        let scratch = try Scratch()
        let text = try String(contentsOfFile: "\(Self.folder)/merges/\(entry.name).yml", encoding: .utf8)
        let (_, model) = try Self.merged(Self.recipe(text).text, in: scratch)
        let expected = try Self.expected.get().floats(entry.name)
        #expect(model.tensors.count == entry.tensors)
        #expect(Set(model.tensors.values.map(\.dtype)) == [try #require(DType(userSpelling: entry.dtype))])
        let config = try JSONObject(
            Data(contentsOf: URL(fileURLWithPath: scratch.path + "/out/config.json")), file: "config.json")
        #expect(config["num_hidden_layers"]?.int == entry.layers)
        #expect(config["torch_dtype"]?.string == entry.dtype)
        var start = 0
        for name in model.tensors.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            let found = model.floats(name)
            try #require(start + found.count <= expected.count)
            let right = Array(expected[start..<start + found.count])
            start += found.count
            let largest = right.map(\.magnitude).max() ?? 0
            // Angles, norms and means of squares are sums of a whole tensor, which have another order there.
            let allowed = Self.summed.contains(entry.name) ? largest * 5e-6 : 0
            for (index, (a, b)) in zip(found, right).enumerated() {
                #expect(abs(a - b) <= allowed, "\(name)[\(index)]: \(a), expected \(b)")
            }
        }
        #expect(start == expected.count)
    }

    @Test func everyMethodHasAFile() throws {
        let texts = try FileManager.default.contentsOfDirectory(atPath: Self.folder + "/merges").map {
            try String(contentsOfFile: Self.folder + "/merges/" + $0, encoding: .utf8)
        }
        let words = Set(texts.flatMap { $0.split { ": \n".contains($0) }.map(String.init) })
        let methods = CompatibilityTests.methods.subtracting(["average", "dare"]).union(["linear", "dare_linear"])
        for method in methods { #expect(words.contains(method), "\(method)") }
        #expect(texts.count == (try Self.cases.get()).count)
    }

    /// A recipe is as short as what it says.
    @Test func recipesAreReadable() throws {
        let slices = (0..<100).map {
            "  - sources: [{model: \($0 % 2 == 0 ? "A" : "B"), layer_range: [\($0 / 2 * 4), \($0 / 2 * 4 + 8)]}]"
        }
        let loop = try Self.recipe("merge_method: passthrough\nslices:\n" + slices.joined(separator: "\n")).text
        #expect(
            loop.contains(
                """
                local slices_of_model = {}
                for at = 0, 196, 4 do
                  table.insert(slices_of_model, { a, layers = at .. "-" .. at + 7 })
                  table.insert(slices_of_model, { b, layers = at .. "-" .. at + 7 })
                end
                local model = dppa.stack(slices_of_model)
                return model
                """.replacingOccurrences(of: "\nreturn", with: "\n\nreturn")), "\(loop)")
        let twins = try Self.recipe(
            """
            merge_method: linear
            dtype: bfloat16
            models:
              - {model: x/model, parameters: {weight: 1}}
              - {model: y/model, parameters: {weight: 1}}
            """)
        #expect(
            twins.text == """
                -- Made from merge.yml of mergekit by `dppa-run import`.
                local dppa = require "dppa.v1"
                local average = require "dppa.average"

                local models = dppa.inputs { experts = { "x/model", "model-2=y/model" } }

                return average(models, { weights = 1, compat = "mergekit_bf16" }), { dtype = "bf16" }

                """, "\(twins.text)")
        #expect(twins.warnings.isEmpty)
    }

    @Test func pathsThatLeadOut() throws {
        let text = try Self.recipe(
            """
            merge_method: ties
            base_model: /data/models/base
            models:
              - {model: ../merges/A, parameters: {weight: 1}}
              - {model: ./B+lora@main, parameters: {weight: 1}}
              - {model: {model: {path: org/C, revision: v1}}, parameters: {weight: 1}}
            """
        ).text
        #expect(text.contains("-- Run it with --models /data/models --models ../merges: the models lie there."))
        #expect(
            text.contains("base = \"base\",") && text.contains("{ \"A\", \"B+lora@main\", \"org/C@v1\" }"), "\(text)")
    }

    /// What is called alike in two folders is not one model.
    @Test func pathsWithOneLastPart() throws {
        let text = try Self.recipe(
            """
            merge_method: ties
            base_model: /data/x/A
            models:
              - {model: A, parameters: {weight: 1}}
              - {model: /data/y/A, parameters: {weight: 1}}
              - {model: ../A, parameters: {weight: 1}}
            """
        ).text
        #expect(text.contains("\"A-2=x/A\"") || text.contains("\"x/A\""), "\(text)")
        #expect(text.contains("y/A\"") && text.contains("-- Run it with --models /data"), "\(text)")
        #expect(text.contains("=../A\""), "\(text)")
        for odd in ["~", "/", "..", "../..", "/x/~", "./"] {
            _ = try Self.recipe("merge_method: linear\nmodels: [{model: \"\(odd)\", parameters: {weight: 1}}]")
        }
    }

    /// The lines of a recipe that nothing was lost in do not fail; those of one where something was do, before anything is read.
    @Test func whatIsLostFails() throws {
        let scratch = try Scratch()
        let made = try Self.recipe(
            "merge_method: ties\nbase_model: base\nmodels: [{model: A, parameters: {weight: 1}}]\nchat_template: chatml"
        )
        #expect(made.warnings.contains { $0.hasPrefix("merge.yml:4:16: warning: chat_template: chatml is a file") })
        let error = try #require(throws: DPPAError.self) { try Self.merged(made.text, in: scratch) }
        #expect(error.message.contains("a file that ships with mergekit"))
    }

    /// The command shows the recipe, or writes it with a chat template beside it; `run` and `check` name the command.
    @Test func theCommand() throws {
        let scratch = try Scratch()
        let yaml =
            "merge_method: linear\nmodels: [{model: base, parameters: {weight: 1}}]\nchat_template: \"{{ x }}\"\n"
        _ = try scratch.write(yaml, "m.yml")
        _ = try scratch.write(yaml.replacing("merge_method", with: "merge_metod"), "wrong.yml")
        let shown = try Shell.run("$dppa import m.yml", in: scratch)
        #expect(shown.code == 0 && shown.output.hasPrefix("-- Made from m.yml of mergekit"))
        #expect(
            shown.output.contains("error(\"the chat template is a file") && shown.errors.contains("m.yml:1:1: warning:")
        )
        let models = "--models \(Self.folder)/models"
        let written = try Shell.run(
            "$dppa import m.yml --out sub/m.lua && cat sub/m.jinja && $dppa run sub/m.lua --out out --quiet \(models) && cat out/chat_template.jinja",
            in: scratch)
        #expect(written.code == 0, "\(written.errors)")
        #expect(written.output == "wrote sub/m.lua; try: dppa-run check sub/m.lua\n{{ x }}{{ x }}")
        for command in ["run m.yml --out x", "check m.yml", "plan m.yml"] {
            let refused = try Shell.run("$dppa \(command)", in: scratch)
            #expect(
                refused.code == 64 && refused.errors.contains("dppa-run import m.yml --out m.lua"), "\(refused.errors)")
        }
        let wrong = try Shell.run("$dppa import wrong.yml", in: scratch)
        #expect(wrong.code == 65 && wrong.output.isEmpty)
        #expect(
            wrong.errors.hasPrefix(
                """
                wrong.yml:1:1: error: a merge has no key 'merge_metod'; did you mean 'merge_method'?
                    1 | merge_metod: linear
                      | ^~~~~~~~~~~
                """), "\(wrong.errors)")
        #expect(try Shell.run("$dppa import no.yml", in: scratch).code == 66)
        let over = try Shell.run("$dppa import m.yml --out m.yml; cat m.yml", in: scratch)
        #expect(over.errors.contains("--out is the file that is read") && over.output == yaml)
    }
}
