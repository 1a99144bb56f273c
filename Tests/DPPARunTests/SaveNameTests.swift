import DPPA
import DPPAScript
import Foundation
import Testing

/// Names under which models are saved: each once, and none that a model's own files have.
@Suite("Names of saved models")
struct SaveNameTests {
    private static let head = """
        local dppa = require "dppa.v1"
        local base, law = dppa.model "zoo/base", dppa.model "zoo/law"

        """

    private func plan(_ body: String) throws -> [String] {
        let scratch = try Scratch()
        var request = RecipeRun.Request(out: scratch.path + "/out")
        request.modelRoots = [Folders.recipes]
        let recipe = try scratch.write(Self.head + body + "\n", "r.lua")
        return try RecipeRun(recipe).trace(request, isDry: true).traps
    }

    @Test(
        "check tells of names that are used twice behind a measured value, by line",
        arguments: [
            (
                "base:save \"a\"\nlocal n = dppa.mean(law - base, \"model\"):value()\nlaw:save(\"a\")",
                "5: warning: two models", "a run that comes here ends"
            ),
            (
                "local n = dppa.mean(law - base, \"model\"):value()\nlaw:save \"b\"\nbase:save('b', { partial = true })",
                "5: warning:", "here and on line 4"
            ),
            (
                "local n = dppa.mean(law - base, \"model\"):value()\nif n > 0 then law:save \"b\" end\nbase:save \"b\"",
                "5: warning:", "line 4"
            ),
            (
                "local n = dppa.mean(law - base, \"model\"):value()\nlaw:save \"config.json\"",
                "4: warning: save: 'config.json'", "part of a model"
            ),
        ])
    func twice(_ body: String, _ place: String, _ words: String) throws {
        let traps = try plan(body)
        #expect(traps.count == 1 && traps[0].contains("r.lua:\(place)") && traps[0].contains(words), "\(traps)")
    }

    @Test(
        "What may be right is not warned of",
        arguments: [
            "if n > 0 then law:save \"b\" elseif n < 0 then base:save \"b\" else base:save \"b\" end",
            "for i = 1, 2 do law:save(\"b\" .. i) base:save(\"b\" .. i) end",
            "law:save \"a\" base:save \"b\" -- law:save \"a\"",
            "local function f() if n > 1 then law:save \"a\" else\n base:save \"a\" end end",
        ])
    func once(_ body: String) throws {
        #expect(try plan("local n = dppa.mean(law - base, \"model\"):value()\n" + body) == [])
    }

    @Test(
        "A run refuses such a name at its call, before anything is written",
        arguments: [
            ("a", "two models are saved under the name 'a'"), ("config.json", "the name of a part of a model"),
            ("model.safetensors", "part of a model"), ("lib", "part of a model"), ("recipe.lua", "part of a model"),
            ("licences", "part of a model"),
        ])
    func refused(_ name: String, _ words: String) throws {
        let scratch = try Scratch()
        let recipe = try scratch.write(Self.head + "base:save \"a\"\nlaw:save \"\(name)\"\n", "r.lua")
        var request = RecipeRun.Request(out: scratch.path + "/out")
        request.modelRoots = [Folders.recipes]
        let error = #expect(throws: DPPAError.self) { try RecipeRun(recipe).run(request) }
        #expect(error?.message.contains(words) == true && error?.location?.line == 4, "\(error?.message ?? "")")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["r.lua"])
    }

    @Test(
        "A name where a small file of the returned model goes is refused by check, and by a run before it computes",
        arguments: [
            ("words.txt", "'words.txt' is where words.txt"),
            ("1_Pooling", "'1_Pooling' is where 1_Pooling/config.json"),
            ("2_Pooling", nil),
        ] as [(String, String?)])
    func sideFiles(_ name: String, _ words: String?) throws {
        let scratch = try Scratch()
        try EdgeCaseTests.write(scratch, "base", [("a.weight", [2], [1, 2])])
        for name in ["1_Pooling/config.json", "words.txt"] { _ = try scratch.write("{}", "base/" + name) }
        func error(_ last: String) throws -> [DPPAError?] {
            let recipe = try scratch.write(
                "local dppa = require \"dppa.v1\"\nlocal base = dppa.model \"base\"\nbase:save \"\(name)\"\n" + last,
                "r.lua")
            let request = RecipeRun.Request(out: scratch.path + "/out")
            let works = [
                { _ = try RecipeRun(recipe).trace(request, isDry: true) }, { _ = try RecipeRun(recipe).run(request) },
            ]
            defer { try? FileManager.default.removeItem(atPath: request.out) }
            return works.map { work in
                do {
                    try work()
                    return nil
                } catch { return error as? DPPAError }
            }
        }
        for error in try error("return base") {
            #expect((error == nil) == (words == nil), "\(error?.message ?? "")")
            if let words { #expect(error?.message.contains("save: " + words) == true && error?.code == .data) }
        }
        // Beside models with names of their own it is as good as another.
        #expect(try error("base:save \"b\"").allSatisfy { $0 == nil })
    }
}
