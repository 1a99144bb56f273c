import DPPA
import DPPAScript
import Foundation
import Testing

/// `recipes/search.lua`: options of a method searched from the command line, and the report of it.
@Suite struct SearchRecipeTests {
    private let recipe = Folders.recipes + "/search.lua"
    private let zoo = Folders.recipes + "/zoo"

    /// Two experts with a few questions each.
    private func options(_ scratch: Scratch, _ more: [String: String]) throws -> [String: String] {
        let tasks = try ["math", "law"].map { domain in
            let text = try String(contentsOfFile: "\(zoo)/search/\(domain).jsonl", encoding: .utf8)
            return try scratch.write(text.split(separator: "\n").prefix(12).joined(separator: "\n"), "\(domain).jsonl")
        }
        return ["experts": "\(zoo)/math,\(zoo)/law", "tasks": tasks.joined(separator: ","), "budget": "7"]
            .merging(more) { _, new in new }
    }

    @Test func theBestCandidateBecomesTheModel() throws {
        let scratch = try Scratch()
        let options = try options(
            scratch, ["ranges": "density=0.2..0.8,lambda=0.5..2:log,rescale=none", "strategy": "sobol"])
        let (outcome, model) = try run(recipe, options, in: scratch)
        let table = try #require(outcome.tables.first)
        #expect(table.name == "search of ties" && table.rows.count == 7)
        #expect(Array(table.columns.prefix(4)) == ["density", "lambda", "law", "law ±"])
        let taken = table.taken
        #expect(taken["objective"]?.number == table.column("objective").map(\.number).max())
        // The same by hand.
        let byHand = try Scratch()
        let plain = try run(
            Folders.recipes + "/ties.lua",
            [
                "experts": "\(zoo)/math,\(zoo)/law", "density": taken["density"]?.text ?? "",
                "lambda": taken["lambda"]?.text ?? "",
            ], in: byHand)
        #expect(plain.model.tensors.mapValues(\.bytes) == model.tensors.mapValues(\.bytes))
        #expect(outcome.record.printed.first?.hasPrefix("search of ties: density ") == true)
    }

    @Test(arguments: [
        ("density=0.9..0.1", "'density' has nothing between min 0.9 and max 0.1"),
        ("densty=0.1..0.9", "ties has no option 'densty'; did you mean 'density'?"),
        ("density", "has no name in front of a '='"), ("density=0.1..", "has no number on both sides"),
        ("density=0.1..0.9:lag", "has 'lag' behind a ':'"), ("density=0.2", "nothing is searched"),
        ("density=0.2:log", "nothing to search"), ("density=0.1..0.5,density=0.2", "'density' twice"),
        ("rescale=none|l3", "ties: option 'rescale' cannot be 'l3'"),
        ("density=0.1..0.9,lambda=0..1:log", "min must be above 0"),
        ("density=0.5..20", "must be from 0 to 1"),
    ])
    func mistakesInRangesAreNamed(ranges: String, message: String) throws {
        let scratch = try Scratch()
        let options = try options(
            scratch,
            ["ranges": ranges, "budget": "2", "strategy": "grid"].merging(
                ranges.contains("rescale") ? [:] : ["strategy": "sobol"]
            ) { _, new in new })
        let error = #expect(throws: DPPAError.self) { try run(recipe, options, in: scratch) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [
        ("method", "dp"), ("method", "nothing"), ("shares", "0.5"), ("budget", "0"), ("strategy", "best"),
    ])
    func mistakesInOptionsAreNamed(name: String, value: String) throws {
        let scratch = try Scratch()
        let options = try options(scratch, [name: value])
        let error = #expect(throws: DPPAError.self) { try run(recipe, options, in: scratch) }
        #expect(error?.message.contains(value) == true, "\(error?.message ?? "")")
    }

    @Test func thePageShowsTheFrontAndTheBestSoFar() throws {
        let scratch = try Scratch()
        let page = scratch.path + "/page.html"
        var words = ["run", recipe, "--out", scratch.path + "/out", "--report", page]
        for (name, value) in try options(scratch, ["strategy": "random", "ranges": "density=0.2..0.8,lambda=0.2..2"]) {
            words += ["--set", "\(name)=\(value)"]
        }
        let result = try CommandLineTests().dppaRun(words)
        #expect(result.code == 0, "\(result.errors)")
        let tree = PageTree(try String(contentsOfFile: page, encoding: .utf8))
        #expect(tree.fault == nil)
        let figure = try #require(tree.root.all("figure").first { $0.words.contains("Front: search of ties") })
        let points = figure.all("i", "point")
        let onFront = figure.all("div", "dots").flatMap { $0.all("i", "front") }
        #expect(points.count == 7 && !onFront.isEmpty && onFront.count < 8)
        #expect(points.allSatisfy { $0.attributes["title"]?.contains("law ") == true })
        #expect(tree.root.words.contains("The line of the objective is the best so far."))
        // A step line: every second corner is as high as the one before.
        let candidates = try #require(tree.root.all("figure").first { $0.words.contains("Candidates: search of ties") })
        let corners = candidates.all("polyline").first?.attributes["points"]?.split(separator: " ").map { corner in
            corner.split(separator: ",").compactMap { Double($0) }
        }
        let heights = try #require(corners).map { $0[1] }
        #expect(heights == heights.sorted(by: >) && heights.count % 2 == 0)
    }

    @Test func severalTasksMayCountByTheWorstOrByWeights() throws {
        let scratch = try Scratch()
        let body = """
            local dppa, objective = require "dppa.v1", require "dppa.objective"
            local base, a, b = dppa.model "zoo/base", dppa.model "zoo/math", dppa.model "zoo/law"
            local tasks = { "zoo/search/math.jsonl", "zoo/search/law.jsonl" }
            local x, y = objective(a, tasks[1])(base), objective(b, tasks[2])(base)
            local rows = {
              { objective({ a, b }, tasks, { overall = "worst" })(base), math.min(x, y) },
              { objective({ a, b }, tasks, { weights = { law = 3 } })(base), x ^ 0.25 * y ^ 0.75 },
              { objective({ a, b }, tasks, { weights = { law = 0 } })(base), x },
            }
            dppa.report { name = "rows", columns = { "own", "right" }, rows = rows }
            return base
            """
        let outcome = try run(scratch.write(body, "weights.lua"), in: scratch) { $0.modelRoots = [Folders.recipes] }
            .outcome
        for row in outcome.tables.first?.rows ?? [] { #expect(abs(row[0].number - row[1].number) < 1e-12) }
        #expect(outcome.tables.first?.rows.count == 3)
        for (options, message) in [
            ("{ weights = { lav = 1 } }", "names 'lav'"),
            ("{ weights = { law = -1 } }", "must be a number of at least 0"),
            ("{ weights = { law = 0, math = 0 } }", "no task that counts"),
            ("{ overall = \"best\" }", "cannot be 'best'"),
        ] {
            let text = body.replacingOccurrences(of: "{ overall = \"worst\" }", with: options)
            let file = try scratch.write(text, "wrong.lua")
            let error = #expect(throws: DPPAError.self) {
                try run(file, in: scratch) { $0.modelRoots = [Folders.recipes] }
            }
            #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        }
    }
}
