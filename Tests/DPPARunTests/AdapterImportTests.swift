import DPPA
import DPPAImport
import DPPAScript
import Foundation
import Testing

/// Recipes made of calls of PEFT's add_weighted_adapter, against PEFT 0.21 itself (Fixtures/lora/peft_calls.py).
@Suite struct AdapterImportTests {
    static let folder = Folders.fixtures + "/lora"
    static let calls =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder + "/calls")) ?? []).map {
            String($0.dropLast(5))
        }.sorted()

    private func recipe(_ text: String) throws -> MergekitImport {
        try MergekitImport(Array(text.utf8), file: "call.json", templateName: nil)
    }

    private func run(_ text: String, in scratch: Scratch) throws -> [String: [Float]] {
        var request = RecipeRun.Request(out: scratch.path + "/out")
        request.modelRoots = [Self.folder]
        _ = try RecipeRun(try scratch.write(text, "call.lua")).run(request)
        let base = try OpenModel(at: Self.folder + "/base", label: "base")
        let adapter = try OpenModel(at: scratch.path + "/out", label: "adapter", base: base)
        var deltas: [String: [Float]] = [:]
        for tensor in adapter.tensors {
            deltas[tensor.facts.name] = try tensor.source.floats(0..<tensor.facts.numel).array()
        }
        return deltas
    }

    @Test(arguments: calls) func agreesWithPEFT(_ name: String) throws {
        let text = try String(contentsOfFile: "\(Self.folder)/calls/\(name).json", encoding: .utf8)
        let scratch = try Scratch()
        let found = try run(recipe(text).text, in: scratch)
        let expected = try Written(Self.folder + "/peft.safetensors")
        let wanted = expected.tensors.keys.filter { $0.hasPrefix(name + ".") }
        #expect(!wanted.isEmpty && Set(found.keys) == Set(wanted.map { String($0.dropFirst(name.count + 1)) }))
        for key in wanted {
            let (right, mine) = (expected.floats(key), found[String(key.dropFirst(name.count + 1))] ?? [])
            let largest = right.map(\.magnitude).max() ?? 0
            #expect(
                mine.count == right.count && zip(mine, right).allSatisfy { abs($0 - $1) <= 2e-6 * max(1, largest) },
                "\(key): \(mine), expected \(right)")
        }
    }

    @Test func everyCombinationIsTried() throws {
        let texts = try Self.calls.map {
            try String(contentsOfFile: "\(Self.folder)/calls/\($0).json", encoding: .utf8)
        }
        for name in ["cat", "svd", "ties_svd", "dare_ties_svd", "magnitude_prune_svd"] {
            #expect(texts.contains { $0.contains("\"combination_type\": \"\(name)\"") }, "\(name)")
        }
    }

    /// What PEFT joins factor by factor fails until a person has decided, and is then the sum of what the adapters do.
    @Test func factorsAreNotJoinedByThemselves() throws {
        let text =
            #"{"base": "base", "adapters": ["one", "two"], "weights": [1, 1], "combination_type": "linear", "svd_clamp": 0.9}"#
        let made = try recipe(text)
        #expect(made.warnings.count == 2 && made.warnings.contains { $0.contains("linear joins the factors A and B") })
        #expect(made.warnings.contains { $0.contains("svd_clamp is left out: linear decomposes nothing") })
        let scratch = try Scratch()
        let error = try #require(throws: DPPAError.self) { try run(made.text, in: scratch) }
        #expect(error.message.contains("What follows is svd"))
        let rest = made.text.split(separator: "\n").filter { !$0.hasPrefix("error(") }.joined(separator: "\n")
        let deltas = try run(rest, in: scratch)
        #expect(deltas.count == 3)
        let clamped = try recipe(
            #"{"base": "base", "adapters": ["one", "two"], "weights": [1, 1], "svd_rank": 2, "svd_clamp": 0.9}"#)
        #expect(clamped.text.contains("error(\"svd_clamp cuts off"))
    }

    @Test func theCommand() throws {
        let scratch = try Scratch()
        let text = try String(contentsOfFile: Self.folder + "/calls/cat.json", encoding: .utf8)
        _ = try scratch.write(text, "é/c.json")
        let made = try Shell.run(
            "$dppa import é/c.json --out c.lua && $dppa run c.lua --out out --quiet --models \(Self.folder) && ls out",
            in: scratch)
        #expect(made.code == 0 && made.output.contains("adapter_model.safetensors"), "\(made.errors)")
        let refused = try Shell.run("$dppa run é/c.json --out x", in: scratch)
        #expect(
            refused.code == 64 && refused.errors.contains("dppa-run import é/c.json --out c.lua"), "\(refused.errors)")
    }

    @Test func randomOnesAreSparse() throws {
        let made = try recipe(
            #"{"base": "base", "adapters": ["one", "two"], "weights": [1, 1], "combination_type": "dare_linear_svd", "density": 0.5, "svd_rank": 11}"#
        )
        #expect(made.text.contains("PEFT draws other numbers every time") && made.warnings.isEmpty)
        let deltas = try run(made.text, in: try Scratch())
        let up = try #require(deltas["model.layers.0.mlp.up_proj.weight"])
        let zeros = up.count { $0.magnitude < 1e-6 }
        #expect(zeros > up.count / 4 && zeros < up.count * 3 / 4, "\(zeros) of \(up.count)")
    }

    @Test(arguments: [
        (#"{"adapters": ["a"], "weights": [1]}"#, "there is no base", 1),
        ("{\"base\": \"b\",\n\"adapter\": [\"a\"],\n\"combination_type\": \"svd\"}", "did you mean 'adapters'?", 2),
        (#"{"base": "b", "adapters": [], "weights": []}"#, "'adapters' is a list of paths", 1),
        (#"{"base": "b", "adapters": "a", "weights": [1]}"#, "'adapters' is a list of paths", 1),
        (#"{"base": "b", "adapters": ["a", "a"], "weights": [1, 1]}"#, "a is listed twice", 1),
        (#"{"base": "b", "adapters": ["a+c"], "weights": [1]}"#, "and no adapter", 1),
        (#"{"base": "b", "adapters": ["a", "c"], "weights": [1]}"#, "there is 1 weight for 2 adapters", 1),
        (#"{"base": "b", "adapters": ["a"], "weights": ["x"]}"#, "a weight is a number; this is 'x'", 1),
        (#"{"base": "b", "adapters": ["a"]}"#, "'weights' is a list of numbers", 1),
        (
            #"{"base": "b", "adapters": ["a", "c"], "weights": [1, 1], "combination_type": "tis_svd"}"#,
            "did you mean 'ties_svd'?", 1
        ),
        (
            #"{"base": "b", "adapters": ["a", "c"], "weights": [1, 1], "combination_type": "ties_svd"}"#,
            "ties_svd needs a density", 1
        ),
        (
            #"{"base": "b", "adapters": ["a", "c"], "weights": [1, 1], "combination_type": "ties_svd", "density": 2}"#,
            "'density' is a number from 0 to 1", 1
        ),
        (
            #"{"base": "b", "adapters": ["a", "c"], "weights": [1, 1], "combination_type": "ties_svd", "density": 0}"#,
            "a density of 0 keeps nothing", 1
        ),
        (
            #"{"base": "b", "adapters": ["a", "c"], "weights": [1, 1], "combination_type": "ties_svd", "density": 1, "majority_sign_method": "most"}"#,
            "'majority_sign_method' is total or frequency", 1
        ),
        (
            #"{"base": "b", "adapters": ["a", "c"], "weights": [1, 1], "svd_rank": 0}"#, "'svd_rank' is a whole number",
            1
        ),
    ])
    func mistakesAreTold(text: String, message: String, line: Int) throws {
        let error = try #require(throws: DPPAError.self) { try recipe(text) }
        #expect(error.message.contains(message) && error.location?.line == line, "\(error.message)")
    }
}
