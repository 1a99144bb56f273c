import DPPA
import Foundation
import Testing

/// `dppa-run compare` on the zoo, with small tasks.
@Suite struct CompareCommandTests {
    private static let zoo = Folders.recipes + "/zoo"
    private static let models = "--set base='\(zoo)/base' --set experts='\(zoo)/math,\(zoo)/law'"

    /// A scratch folder with the first questions of the zoo's tasks.
    private func folder() throws -> Scratch {
        let scratch = try Scratch()
        for (kind, count) in [("search", 40), ("eval", 50)] {
            for name in ["math", "law"] {
                let text = try String(contentsOfFile: "\(Self.zoo)/\(kind)/\(name).jsonl", encoding: .utf8)
                let lines = text.split(separator: "\n").prefix(count).joined(separator: "\n")
                _ = try scratch.write(lines + "\n", "\(kind)/\(name).jsonl")
            }
        }
        return scratch
    }

    private func compare(_ words: String, in scratch: Scratch) throws -> (
        result: CommandLineTests.Result, json: [String: Any]
    ) {
        let tasks =
            "--task search/math.jsonl --task search/law.jsonl --eval-task eval/math.jsonl --eval-task eval/law.jsonl"
        let result = try Shell.run("$dppa compare \(words) \(tasks) --quiet --json c.json", in: scratch)
        let data = (try? Data(contentsOf: URL(fileURLWithPath: scratch.path + "/c.json"))) ?? Data("{}".utf8)
        return (result, try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:])
    }

    private func values(_ scores: Any?) -> [Double] {
        (scores as? [[String: Any]] ?? []).compactMap { $0["value"] as? Double }
    }

    @Test func candidatesScoreAsTheSameModelsWrittenAndEvaluated() throws {
        let scratch = try folder()
        let (result, json) = try compare(
            "task_arithmetic \(Self.models) --set lambda=1 --coefficients 0.25,0.5,1", in: scratch)
        #expect(result.code == 0, "\(result.errors)")
        let trial = try #require(((json["recipes"] as? [[String: Any]])?[0]["trials"] as? [[String: Any]])?.first)
        let candidates = try #require(trial["candidates"] as? [[String: Any]])
        let taken = try #require(trial["coefficient"] as? Double)
        for (candidate, c) in zip(candidates, [0.25, 0.5, 1]) {
            let tasks = "--task search/math.jsonl --task search/law.jsonl"
            let shown = c == taken ? " --task eval/math.jsonl --task eval/law.jsonl" : ""
            // The tasks of both folders have the same names, so each is asked for by itself.
            let script = """
                $dppa run task_arithmetic \(Self.models) --set lambda=\(c) --out m --force --quiet
                $dppa eval m \(tasks) --quiet --json s.json
                [ -z "\(shown)" ] || $dppa eval m \(shown) --quiet --json e.json
                """
            #expect(try Shell.run(script, in: scratch).code == 0)
            func written(_ name: String) throws -> [Double] {
                let data = try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/" + name))
                return values((try JSONSerialization.jsonObject(with: data) as? [[String: Any]])?[0]["scores"])
            }
            #expect(try values(candidate["scores"]) == written("s.json"), "\(c)")
            if c == taken { #expect(try values(trial["scores"]) == written("e.json")) }
        }
        let kept = candidates.compactMap { $0["kept"] as? Double }
        #expect(kept.max() == kept[try #require([0.25, 0.5, 1].firstIndex(of: taken))])
    }

    @Test func seedsAreForRecipesThatDrawAtRandomAndScoresAreKept() throws {
        let scratch = try folder()
        let words =
            "dare average \(Self.models) --set rate=0.7 --coefficients 0.5,1 --seeds 1,2 --scores grid.jsonl --report page.html"
        let (first, json) = try compare(words, in: scratch)
        #expect(first.code == 0, "\(first.errors)")
        let recipes = try #require(json["recipes"] as? [[String: Any]])
        let trials = recipes.map { $0["trials"] as? [[String: Any]] ?? [] }
        #expect(trials[0].map { $0["seed"] as? Int } == [1, 2] && trials[1].map { $0["seed"] as? Int } == [nil])
        #expect(first.output.contains("note: average: has no option rate"))
        let page = try String(contentsOfFile: scratch.path + "/page.html", encoding: .utf8)
        #expect(page.contains("Kept in the search, by coefficient") && page.contains("dare, seed 2"))
        #expect(PageTree(page).root.all("table").count == 1)
        // Three trials of two coefficients on two tasks, two tasks for each taken one, four for three models.
        let lines = try String(contentsOfFile: scratch.path + "/grid.jsonl", encoding: .utf8).split(separator: "\n")
        let again = try compare(words, in: scratch)
        #expect(again.result.output == first.output)
        let after = try String(contentsOfFile: scratch.path + "/grid.jsonl", encoding: .utf8).split(separator: "\n")
        #expect(after.count == lines.count && lines.count >= 3 * 2 * 2 + 3 * 4)
    }

    @Test func whatARecipeCannotDoIsItsRow() throws {
        let scratch = try folder()
        _ = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base, experts = dppa.inputs { base = "b", experts = { "e" } }
            local delta = experts[1] - base
            return base + delta / (0 * dppa.norm(delta, "tensor"))
            """, "broken.lua")
        let (result, json) = try compare(
            "broken.lua ties \(Self.models) --coefficients 1", in: scratch)
        #expect(result.code == 65, "\(result.errors)")
        #expect(result.errors.contains("1 of 2 recipes failed") && result.output.contains("ties"), "\(result)")
        let recipes = try #require(json["recipes"] as? [[String: Any]])
        #expect(recipes[0]["failure"] is String && (recipes[1]["trials"] as? [Any])?.count == 1)
    }

    @Test func aRecipeThatSearchesForItselfIsComparedWithoutASeed() throws {
        let scratch = try folder()
        let search = "--set tasks=search/math.jsonl,search/law.jsonl --set start=1.8,0 --set step=0.5"
        let (result, json) = try compare(
            "dppa dare \(Self.models) \(search) --coefficients 1 --seeds 1,2", in: scratch)
        #expect(result.code == 0, "\(result.errors)")
        let trials = (json["recipes"] as? [[String: Any]] ?? []).map { $0["trials"] as? [[String: Any]] ?? [] }
        #expect(trials.map { $0.map { $0["seed"] as? Int } } == [[nil], [1, 2]])
        #expect(result.output.contains("dare: has no option") && result.output.contains("tasks"))
        #expect(!result.output.contains("dppa: has no option"), "\(result.output)")
    }

    @Test(
        arguments: [
            ("ties tees", 66, "there is no recipe 'tees'"), ("ties ties", 64, "named twice"),
            ("ties --set densty=0.3", 64, "none of the recipes has an option 'densty'"),
            ("ties --coefficients 1,,2", 64, "'' is not a number"),
            ("ties --coefficients 1,1", 64, "stands there twice"),
            ("ties --seeds 1", 64, "none of the recipes draws anything at random"),
            ("dare --seeds a", 64, "'a' is not an integer"),
            ("dare --seeds 1 --set seed=2", 64, "the seed is given twice"),
            ("ties nearswap", 64, "nearswap reads"), ("ties --json search/math.jsonl", 73, "search/math.jsonl"),
            ("ties --eval-task nowhere.jsonl", 66, "there is no task file 'nowhere.jsonl'"),
        ])
    func mistakesAreToldBeforeAnyScoreIsPaidFor(words: String, code: Int32, message: String) throws {
        let scratch = try folder()
        let models = words.contains("nearswap") ? "--set experts='\(Self.zoo)/math,\(Self.zoo)/finance'" : ""
        let result = try Shell.run("$dppa compare \(words) \(models) --task search/math.jsonl --quiet", in: scratch)
        #expect(result.code == code && result.errors.contains(message), "\(result.errors)")
        #expect(result.output.isEmpty)
    }
}
