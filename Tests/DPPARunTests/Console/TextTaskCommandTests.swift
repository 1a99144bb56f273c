import DPPA
import Foundation
import Testing

/// Tasks of texts wherever a command or a recipe takes tasks, and what people do wrong with them.
@Suite struct TextTaskCommandTests {
    /// A folder with a tiny model `m` that has a tokenizer, another one `n`, and the tasks of published shapes.
    private func folder() throws -> Scratch {
        let scratch = try Scratch()
        let texts = Folders.tests + "/../DPPATests/Fixtures/texts"
        for (from, to) in [("model", "m"), ("model", "n"), ("tasks", "tasks")] {
            try FileManager.default.copyItem(atPath: texts + "/" + from, toPath: scratch.path + "/" + to)
        }
        let setup = try Shell.run(
            "$dppa run passthrough --set expert=m --set scale=1.5 --out o --quiet && rm -r n && mv o n", in: scratch)
        #expect(setup.code == 0, "\(setup.errors)")
        return scratch
    }

    private func json(_ path: String) throws -> [[String: Any]] {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
    }

    @Test func evalWithoutFlagsTakesTheTasksThatShip() throws {
        let scratch = try folder()
        let result = try Shell.run("$dppa eval m n --quiet --json s.json --report p.html", in: scratch)
        #expect(result.code == 0, "\(result.errors)")
        for name in ["arithmetic", "facts", "grammar", "texts", "word_problems"] {
            #expect(result.output.contains(name))
        }
        let rows = try json(scratch.path + "/s.json")
        let scores = try #require(rows[0]["scores"] as? [[String: Any]])
        #expect(rows.count == 2 && scores.count == 5)
        let items = try #require(scores[1]["items"] as? [[String: Any]])
        #expect(items.count == 40 && (items[0]["choices"] as? [String])?.count == 4)
        #expect((items[0]["log_likelihoods"] as? [Double])?.count == 4 && items[0]["is_right"] is Bool)
        #expect((scores[1]["others"] as? [String: Double])?["acc_norm"] != nil)
        let page = try String(contentsOfFile: scratch.path + "/p.html", encoding: .utf8)
        #expect(page.contains("Answers to facts") && page.contains("The capital of France is"))
        #expect(page.contains("By other metrics") && page.contains("acc_norm"))
    }

    @Test func tasksThatShipHaveNames() throws {
        let scratch = try folder()
        let result = try Shell.run("$dppa eval m --quiet --task facts --task texts", in: scratch)
        #expect(
            result.code == 0 && result.output.contains("acc, 40") && result.output.contains("perplexity, 24"),
            "\(result)")
        let wrong = try Shell.run("$dppa eval m --task fact; $dppa eval m --task tasks/acr.json", in: scratch)
        #expect(wrong.code == 66 && wrong.errors.contains("did you mean 'facts'?"), "\(wrong)")
        #expect(wrong.errors.contains("did you mean 'tasks/arc.json'"), "\(wrong)")
    }

    @Test func aModelWithoutTokenizerIsTold() throws {
        let result = try Shell.run("$dppa eval '\(Folders.recipes)/zoo/base'", in: Scratch())
        #expect(result.code == 66 && result.errors.contains("has no tokenizer"), "\(result)")
        #expect(result.errors.contains("name tasks of your own with --task"), "\(result)")
    }

    @Test func recipesAndComparisonsTakeThem() throws {
        let scratch = try folder()
        _ = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local a, b = dppa.model "m", dppa.model "n"
            local all = dppa.score({ a, a + 0.5 * (b - a) }, { "tasks/arc.json", "tasks/documents.json" }, { details = true })
            local arc, documents = all[1].arc, all[1].documents
            print(arc.metric, arc.better, documents.metric, documents.better, documents.others.byte_perplexity > 1)
            return a
            """, "r.lua")
        let check = try Shell.run("$dppa check r.lua", in: scratch)
        #expect(check.code == 0, "\(check.errors)")
        let run = try Shell.run("$dppa run r.lua --out out --quiet && wc -l < out.scores.jsonl", in: scratch)
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.output.contains("acc\tlarger\tword_perplexity\tsmaller\ttrue"), "\(run.output)")
        #expect(run.output.hasSuffix("4\n"), "\(run.output)")
        let compared = try Shell.run(
            """
            $dppa compare task_arithmetic average --task tasks/pubmedqa.json --eval-task tasks/documents.json \
              --coefficients 0.5,1 --set base=m --set experts=n,m --quiet
            """, in: scratch)
        #expect(compared.code == 0 && compared.output.contains("documents"), "\(compared)")
        // What is wrong with a task is told before weights are read, at the line of the recipe.
        _ = try scratch.write(
            "{\"data\": \"arc.jsonl\", \"prompt\": \"{{questoin}}\", \"target\": \"x\"}", "tasks/wrong.json")
        _ = try scratch.write(
            "local dppa = require \"dppa.v1\"\nlocal m = dppa.model \"m\"\ndppa.score(m, \"tasks/wrong.json\")\nreturn m\n",
            "w.lua")
        let wrong = try Shell.run("$dppa check w.lua", in: scratch)
        #expect(wrong.code == 65 && wrong.errors.contains("w.lua:3"), "\(wrong)")
        #expect(wrong.errors.contains("arc.jsonl:1: ") && wrong.errors.contains("did you mean 'question'?"), "\(wrong)")
    }

    @Test func nothingIsWrittenOverWhatIsRead() throws {
        let scratch = try folder()
        let result = try Shell.run(
            "$dppa eval m --task tasks/arc.json --json tasks/arc.jsonl; echo $?; wc -l < tasks/arc.jsonl", in: scratch)
        #expect(result.output == "73\n7\n", "\(result)")
    }
}
