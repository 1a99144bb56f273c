import DPPA
import DPPAScript
import Foundation
import Testing

/// What `check` tells before a run would come to it, and paths that are nearly right.
@Suite struct CheckTests {
    private let zoo = Folders.recipes + "/zoo"

    /// The error of a dry trace.
    private func error(
        _ text: String, _ scratch: Scratch, change: (inout RecipeRun.Request) -> Void = { _ in }
    ) throws -> DPPAError? {
        let recipe = try scratch.write("local dppa = require \"dppa.v1\"\n" + text, "recipe.lua")
        var request = RecipeRun.Request(out: "unused")
        request.modelRoots = [Folders.recipes]
        change(&request)
        do {
            _ = try RecipeRun(recipe).trace(request, isDry: true)
            return nil
        } catch { return error as? DPPAError }
    }

    @Test(arguments: [
        ("dppa.score(base, \"nowhere.jsonl\")", "there is no file 'nowhere.jsonl'", 3),
        ("dppa.score({ base }, { \"empty.jsonl\" })", "has no questions", 3),
        ("dppa.score(base, \"text.jsonl\")", "text.jsonl", 3),
        ("dppa.score(dppa.as_model(base, base):select \"*norm*\", \"good.jsonl\")", "embed_tokens", 3),
        ("dppa.score(base, { a = \"good.jsonl\", b = \"large.jsonl\" })", "vocabulary", 3),
        ("dppa.score(base, \"nowhere.jsonl\", { on_failure = \"skip\" }) error \"gone on\"", "gone on", 3),
    ])
    func whatCannotBeScoredIsToldBeforeARunComesToIt(_ call: String, _ message: String, _ line: Int) throws {
        let scratch = try Scratch()
        let question = #"{"prompt": [1, 2], "target": [3]}"#
        _ = try scratch.write("", "empty.jsonl")
        _ = try scratch.write("no json", "text.jsonl")
        _ = try scratch.write(question, "good.jsonl")
        _ = try scratch.write(question.replacingOccurrences(of: "[3]", with: "[9999999]"), "large.jsonl")
        let found = try #require(try error("local base = dppa.model \"zoo/base\"\n" + call, scratch))
        #expect(found.message.contains(message), "\(found)")
        #expect(found.location?.line == line)
        #expect(try error("local base = dppa.model \"zoo/base\"\ndppa.score(base, \"good.jsonl\")", scratch) == nil)
    }

    @Test func filesNamedBehindAMeasuredValueAreLookedFor() throws {
        let scratch = try Scratch()
        _ = try scratch.write("{}", "there.json")
        _ = try scratch.write("return {}", "lib/mine.lua")
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base = dppa.model "zoo/base"
            local size = dppa.norm(dppa.weights(base), "model"):value()
            local table, other = dppa.json "there.json", dppa.json("their.json")
            local mine, yours, search = require "mine", require "yours", require "dppa.serach"
            local law, path = dppa.model "zoo/lwa", dppa.model("zoo/" .. size)
            return base
            """, "recipe.lua")
        let result = try CommandLineTests().dppaRun(["check", recipe, "--models", Folders.recipes])
        let warnings = result.errors.split(separator: "\n").filter { $0.contains("warning") }
        #expect(result.code == 0 && warnings.count == 4, "\(result.errors)")
        for (line, text) in [
            (4, "there is no file 'their.json'\nnote: did you mean 'there.json'?"),
            (5, "there is no file 'lib/yours.lua'"),
            (5, "there is no module 'dppa.serach'\nnote: did you mean 'dppa.search'?"),
            (6, "there is no model 'zoo/lwa'\nnote: did you mean 'zoo/law'?"),
        ] { #expect(result.errors.contains("recipe.lua:\(line): warning: \(text)"), "\(result.errors)") }
    }

    @Test(arguments: [
        ("zoo/mth", "did you mean 'zoo/math'?"), ("Zoo/Math", "did you mean 'zoo/math'?"),
        ("zo/math", "did you mean 'zoo/math'?"),
        ("math", ""), ("zoo/base/model", "did you mean 'zoo/base/model.safetensors'?"), ("secrets/own", ""),
        ("zoo/../zoo/mth", ""), ("mistralai/Mistral-7B-v0.1", "hf download mistralai/Mistral-7B-v0.1"), ("a/b/c", ""),
        ("/zoo", ""),
    ])
    func aPathThatIsNearlyRightIsSuggested(_ path: String, _ note: String) throws {
        let scratch = try Scratch()
        // A link out of the folder: nothing of what is behind it may be told.
        _ = try scratch.write("", "outside/owner/model.safetensors")
        _ = try scratch.write("", "recipes/recipe.lua")
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path + "/recipes/secrets", withDestinationPath: scratch.path + "/outside")
        let recipe = try scratch.write("require(\"dppa.v1\").model \"\(path)\"", "recipes/recipe.lua")
        var request = RecipeRun.Request(out: "unused")
        request.modelRoots = [Folders.recipes]
        let error = #expect(throws: DPPAError.self) { _ = try RecipeRun(recipe).trace(request, isDry: true) }
        let notes = error?.notes.joined(separator: "\n") ?? ""
        if note.isEmpty {
            #expect(
                !notes.contains("did you mean") && (path == "secrets/own" || !notes.contains("hf download")), "\(notes)"
            )
            #expect(!notes.contains("owner"))
        } else {
            #expect(notes.contains(note), "\(notes)")
        }
        // What the person at the keyboard gives may be anywhere, and so may what it was meant to be.
        let option = try scratch.write(
            "local dppa = require \"dppa.v1\" dppa.model(dppa.option { name = \"base\", default = \"\" })",
            "recipes/option.lua")
        request.options = ["base": zoo + "/mth"]
        let given = #expect(throws: DPPAError.self) { _ = try RecipeRun(option).trace(request, isDry: true) }
        #expect(given?.notes.first == "did you mean '\(zoo)/math'?", "\(given?.notes ?? [])")
    }

    @Test func aSecondTableOfANameGetsANumberAndAWord() throws {
        let scratch = try Scratch()
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            for _ = 1, 3 do dppa.report { name = "t", columns = { "a" }, rows = { { 1 } } } end
            return dppa.model "zoo/base"
            """, "recipe.lua")
        let outcome = try run(recipe, in: scratch) { $0.modelRoots = [Folders.recipes] }.outcome
        #expect(outcome.tables.map(\.name) == ["t", "t (2)", "t (3)"])
        #expect(outcome.warnings.count == 2 && outcome.warnings[0].contains("the later one is 't (2)'"))
    }

    @Test func candidatesInMemoryAreNotCountedAsWritten() throws {
        let scratch = try Scratch()
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base, law = dppa.model "zoo/base", dppa.model "zoo/law"
            dppa.score(base + 0.5 * (law - base), "zoo/search/law.jsonl")
            return base
            """, "recipe.lua")
        let (outcome, model) = try run(recipe, in: scratch) { $0.modelRoots = [Folders.recipes] }
        let size = model.tensors.values.reduce(0) { $0 + $1.bytes.count }
        #expect(outcome.report.bytesWritten == size && outcome.report.bytesBuilt > 0)
        #expect(outcome.summary.contains(" written") && outcome.summary.contains("MB of candidates built in memory"))
    }

    @Test func modelsThatDoNotFitAreNamedWithTheirFiles() throws {
        let scratch = try Scratch()
        let matrix = "model.layers.0.mlp.up_proj.weight"
        func write(_ name: String, _ tensors: [(String, [Int])]) throws {
            try EdgeCaseTests.write(
                scratch, name, tensors.map { ($0.0, $0.1, [Float](repeating: 1, count: $0.1.reduce(1, *))) })
        }
        try write("base", [(matrix, [2, 3]), ("b", [2])])
        try write("turned", [(matrix, [3, 2]), ("b", [2])])
        try write("grown", [(matrix, [4, 3]), ("b", [2])])
        try write("part", [(matrix, [2, 3])])
        try write("apart", [("transformer.h.0.weight", [2, 3])])
        let (base, at) = ("base (\(scratch.path)/base)", "\(matrix) has the shape")
        for (other, message, note) in [
            (
                "turned",
                "turned - base: \(at) [3, 2] in turned (\(scratch.path)/turned) and [2, 3] in \(base): one of them is transposed",
                "Conv1D"
            ),
            (
                "grown", "grown - base: \(at) [4, 3] in grown (\(scratch.path)/grown) and [2, 3] in \(base)",
                "like = base"
            ),
            ("part", "part - base: part (\(scratch.path)/part) has no b, which \(base) has", ":select"),
            (
                "apart", "apart (\(scratch.path)/apart) lacks 2 tensors that \(base) has: b, \(matrix)",
                "they have no name in common: one has transformer.h.0.weight"
            ),
        ] {
            let found = try error(
                "return dppa.model \"base\" + (dppa.model \"\(other)\" - dppa.model \"base\")", scratch)
            #expect(found?.message.contains(message) == true, "\(found?.message ?? "")")
            #expect(found?.notes.contains { $0.contains(note) } == true, "\(found?.notes ?? [])")
            #expect(found?.code == .data && found?.location?.line == 2)
        }
        // A delta with more than the model it goes onto.
        let more = "local base = dppa.model \"base\" local d = base - base\nreturn dppa.model \"part\" + d"
        let found = try error(more, scratch)
        #expect(
            found?.message.contains("part (\(scratch.path)/part) has no b, which \(base) has") == true,
            "\(found?.message ?? "")")
    }
}
