import DPPA
import DPPAScript
import Foundation
import Testing

/// What each strategy tries over numbers alone, its budget, and what is refused.
@Suite struct StrategyTests {
    private static let plane =
        "{ name = \"a\", min = 0.1, max = 0.9 }, { name = \"b\", min = 0.1, max = 10, scale = \"log\" }"
    private static let hill = "-(p.a - 0.37) ^ 2 - math.log(p.b / 2) ^ 2"

    @Test(arguments: [("cma", 0.02, 0.1), ("line", 0.01, 0.05), ("sobol", 0.2, 0.5), ("random", 0.3, 1)])
    func everyStrategyComesNearTheBest(strategy: String, a: Double, b: Double) throws {
        let table = try SearchRecipe.table(
            Self.plane, Self.hill, "strategy = \"\(strategy)\", budget = 60, seed = 1")
        let taken = table.taken
        #expect(table.rows.count <= 60 && table.rows.count > 30)
        #expect(abs((taken["a"]?.number ?? 9) - 0.37) < a && abs(log((taken["b"]?.number ?? 9) / 2)) < b, "\(taken)")
        // What is taken is the best of all.
        let objective = table.column("objective").map(\.number)
        #expect(taken["objective"]?.number == objective.max())
    }

    @Test(arguments: ["cma", "sobol", "random", "line"])
    func aSeedDecidesAndNothingIsTriedTwice(strategy: String) throws {
        func rows(_ seed: Int) throws -> [[String]] {
            try SearchRecipe.table(Self.plane, Self.hill, "strategy = \"\(strategy)\", budget = 25, seed = \(seed)")
                .rows
                .map { $0.map(\.text) }
        }
        let (first, again, other) = (try rows(1), try rows(1), try rows(2))
        #expect(first == again && (first == other) == (strategy == "line"))
        #expect(first.count == 25 && Set(first.map { $0.prefix(2).joined(separator: " ") }).count == 25)
    }

    @Test func aGridTriesEveryCombinationTheLastFastest() throws {
        let table = try SearchRecipe.table(
            "{ name = \"x\", min = 0.5, max = 0.8, step = 0.1 }, { name = \"n\", kind = \"count\", min = 1, max = 2 }, "
                + "{ name = \"w\", choices = { \"s\", \"t\" } }", "p.x * p.n", "strategy = \"grid\"")
        let expected = ["0.5", "0.6", "0.7", "0.8"].flatMap { x in
            ["1", "2"].flatMap { n in ["s", "t"].map { [x, n, $0] } }
        }
        #expect(table.rows.map { $0.prefix(3).map(\.text) } == expected)
        #expect(table.taken["x"]?.text == "0.8" && table.taken["w"]?.text == "s")
    }

    @Test func aListIsAsManyNumbersAndAStartComesFirst() throws {
        let table = try SearchRecipe.table(
            "{ name = \"layer\", min = 0, max = 1, count = 3, start = { 0.2, 0.4, 0.6 } }",
            "-(p.layer[1] - 0.3) ^ 2 - (p.layer[2] - 0.3) ^ 2 - (p.layer[3] - 0.3) ^ 2",
            "strategy = \"sobol\", budget = 5")
        #expect(Array(table.columns.prefix(3)) == ["layer 1", "layer 2", "layer 3"])
        #expect(table.rows[0].prefix(3).map(\.number) == [0.2, 0.4, 0.6])
    }

    /// Numbers as a recipe can say them: the decimals of a step, or four digits of a range.
    @Test func numbersAreRounded() throws {
        let table = try SearchRecipe.table(
            "{ name = \"x\", min = 0.1, max = 0.9 }, { name = \"y\", min = 1, max = 2, step = 0.05 }, "
                + "{ name = \"z\", min = 1e-3, max = 1e3, scale = \"log\" }", "p.x",
            "strategy = \"random\", budget = 30")
        for row in table.rows.map({ $0.prefix(3).map(\.number) }) {
            #expect(abs(row[0] * 1e5 - (row[0] * 1e5).rounded()) < 1e-6 && (0.1...0.9).contains(row[0]))
            #expect(
                row[1] == Double(String(format: "%.2f", row[1])) && abs(row[1] * 20 - (row[1] * 20).rounded()) < 1e-9)
            #expect(row[2] == Double(String(format: "%.4g", row[2])) && (1e-3...1e3).contains(row[2]))
        }
    }

    @Test func aSmallSpaceIsTriedOutAndEnds() throws {
        for strategy in ["random", "sobol", "cma", "line"] {
            let table = try SearchRecipe.table(
                "{ name = \"x\", choices = { true, false } }, { name = \"n\", kind = \"count\", min = 1, max = 2 }",
                "p.n + (p.x and 1 or 0)", "strategy = \"\(strategy)\"")
            #expect(
                table.rows.count <= 4 && table.taken["x"]?.text == "true" && table.taken["n"]?.number == 2,
                "\(strategy)")
        }
    }

    /// Halving written out: 20 candidates' worth are 40 at a quarter, 20 at a half, 10 at the whole.
    @Test func successiveHalvingAsksTheBetterOnesMore() throws {
        let call = """
            local asked = {}
            local found = search {
              parameters = { { name = "x", min = 0, max = 1 } }, candidate = function(p) return p end,
              strategy = "random", shares = { 0.25, 0.5, 1 }, budget = 20, seed = 3,
              maximize = function(list, share)
                local values, scores = {}, {}
                for index, p in ipairs(list) do
                  asked[#asked + 1] = { p.x, share }
                  values[index] = -math.abs(p.x - 0.3)
                  scores[index] = { task = { value = 1, seconds = share, count = math.floor(400 * share) } }
                end
                return values, scores
              end,
            }
            dppa.report { name = "asked", columns = { "x", "share" }, rows = asked }
            """
        let tables = try SearchRecipe.tables(call)
        let (asked, table) = (try #require(tables["asked"]), try #require(tables["search"]))
        let shares = asked.column("share").map(\.number)
        #expect(
            shares == [Double](repeating: 0.25, count: 40) + [Double](repeating: 0.5, count: 20)
                + [Double](repeating: 1, count: 10))
        func xs(_ share: Double) -> Set<Double> {
            Set(asked.rows.filter { $0[1].number == share }.map { $0[0].number })
        }
        for (share, next, count) in [(0.25, 0.5, 20), (0.5, 1.0, 10)] {
            let best = xs(share).sorted { abs($0 - 0.3) < abs($1 - 0.3) }.prefix(count)
            #expect(xs(next) == Set(best))
        }
        #expect(table.rows.count == 40 && table.column("share").count { $0.number == 1 } == 10)
        #expect(table.taken["share"]?.number == 1)
    }

    @Test func minutesAreThoseOfTheScores() throws {
        // A second each.
        let table = try SearchRecipe.table(Self.plane, Self.hill, "strategy = \"random\", minutes = 0.5")
        #expect(table.rows.count == 30)
        let both = try SearchRecipe.table(Self.plane, Self.hill, "strategy = \"random\", minutes = 0.5, budget = 20")
        #expect(both.rows.count == 20)
    }

    @Test func theFrontIsWhatNoOtherBeats() throws {
        let goal = "0"
        let call = SearchRecipe.call(
            "{ name = \"x\", min = 0, max = 1, step = 0.1 }, { name = \"y\", min = 0, max = 1, step = 0.5 }", goal,
            "strategy = \"grid\""
        ).replacingOccurrences(
            of: "{ task = { value = values[index], seconds = 1, count = 100 } }",
            with: "{ a = { value = p.x - p.y, better = \"larger\" }, b = { value = p.x + p.y, better = \"smaller\" } }")
        let table = try #require(try SearchRecipe.tables(call)["search"])
        let points = table.rows.map { row in (a: row[2].number, b: -row[4].number) }
        let front = points.map { one in
            !points.contains { $0.a >= one.a && $0.b >= one.b && ($0.a > one.a || $0.b > one.b) }
        }
        #expect(table.columns == ["x", "y", "a", "a ±", "b", "b ±", "objective", "front", "taken", "seconds"])
        #expect(table.column("front").map { $0.text == "front" } == front && front.count { $0 } == 11)
    }

    @Test(arguments: [
        ("parameters = {}", "'parameters' is empty"), ("parameters = { 1 }", "one is a number"),
        ("parameters = { { min = 0, max = 1 } }", "option 'name' is missing"),
        ("parameters = { { name = \"x\", mim = 0, max = 1 } }", "has no option 'mim'; did you mean 'min'?"),
        ("parameters = { { name = \"x\", min = 1, max = 0 } }", "'x' has nothing between min 1 and max 0"),
        ("parameters = { { name = \"x\", min = 1, max = 1 } }", "'x' has nothing between min 1 and max 1"),
        ("parameters = { { name = \"x\", min = 0 } }", "'x' needs min and max"),
        ("parameters = { { name = \"x\", start = 1, step = 1 } }", "'x' needs min and max; only the greedy strategy"),
        ("parameters = { { name = \"x\", min = 0, max = 1, scale = \"log\" } }", "min must be above 0"),
        ("parameters = { { name = \"x\", min = 0, max = 1, step = 2 } }", "has a step of 2"),
        ("parameters = { { name = \"x\", min = 0, max = 1, start = 2 } }", "starts at 2, which is outside"),
        ("parameters = { { name = \"x\", min = 0, max = 1, count = 2, start = { 0, 1, 1 } } }", "its start has 3"),
        ("parameters = { { name = \"x\", kind = \"count\", min = 0.5, max = 2 } }", "is a count, and its 'min' is 0.5"),
        ("parameters = { { name = \"x\", choices = { \"a\" } } }", "a search needs several"),
        ("parameters = { { name = \"x\", choices = { \"a\", {} } } }", "has a table among its choices"),
        ("parameters = { { name = \"x\", choices = { \"a\", \"b\" }, min = 0 } }", "has choices, so 'min'"),
        ("parameters = { { name = \"x\", min = 0, max = 1 }, { name = \"x\", min = 0, max = 1 } }", "two parameters"),
        ("parameters = { { name = \"taken\", min = 0, max = 1 } }", "no parameter can be called 'taken'"),
        ("budget = 0", "'budget' must be at least 1"), ("minutes = 0", "'minutes' must be at least"),
        ("strategy = \"sobl\"", "'strategy' cannot be 'sobl'; did you mean 'sobol'?"),
        ("strategy = \"grid\"", "a grid needs the step of 'x'"),
        ("strategy = \"greedy\"", "needs start and step of 'x'"),
        ("shares = { 0.5, 0.25, 1 }", "shares must grow"), ("shares = { 0.5 }", "the last of shares must be 1"),
        ("shares = { 0.5, 1 }", "cma compares candidates on whole tasks"),
        ("shares = { 0.25, 1 }, strategy = \"random\", budget = 1", "too small for"),
        ("maximize = function(list) return 1 end", "must give a list of numbers"),
        ("maximize = function(list) return {} end", "must give a list of numbers"),
        (
            "maximize = function(list) local v = {} for i in ipairs(list) do v[i] = 0 / 0 end return v end",
            "no number (NaN) for x"
        ),
        (
            "maximize = function(list) local v = {} for i in ipairs(list) do v[i] = 1 / 0 end return v end",
            "an infinite number for x"
        ),
        (
            "maximize = function(list) local v = {} for i in ipairs(list) do v[i] = \"a\" end return v end",
            "it gives a string"
        ),
        (
            "minutes = 1, maximize = function(list) local v = {} for i in ipairs(list) do v[i] = 1 end return v end",
            "minutes are those of scores"
        ),
    ])
    func mistakesAreNamed(options: String, message: String) throws {
        var call = "search { candidate = function(p) return p end, \(options)"
        if !options.contains("parameters =") { call += ", parameters = { { name = \"x\", min = 0, max = 1 } }" }
        if !options.contains("maximize =") {
            call += ", maximize = function(list) local v = {} for i in ipairs(list) do v[i] = i end return v end"
        }
        let error = try SearchRecipe.error(call + " }")
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "no error")")
        #expect(error?.location != nil)
    }

    @Test func aMaximizeThatIgnoresTheShareIsTold() throws {
        let call = SearchRecipe.call(
            "{ name = \"x\", min = 0, max = 1 }", "p.x", "strategy = \"random\", shares = { 0.5, 1 }")
        let error = try SearchRecipe.error(call)
        #expect(error?.message.contains("it must pass the share on") == true, "\(error?.message ?? "")")
    }
}
