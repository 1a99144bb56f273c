import DPPA
import DPPAScript
import Foundation
import Testing

/// Recipes that search over numbers alone, traced without reading a weight.
enum SearchRecipe {
    private static func trace(_ body: String) throws -> RecipeTrace {
        let scratch = try Scratch()
        let modules = [
            "candidates", "cma", "line_search", "objective", "random", "search", "search_space", "sobol", "strategies",
        ]
        let text =
            "local dppa = require \"dppa.v1\"\n"
            + modules.map { "local \($0) = require \"dppa.\($0)\"\n" }.joined()
            + "local base = dppa.model \"zoo/base\"\n" + body + "\nreturn base\n"
        var request = RecipeRun.Request(out: scratch.path + "/out")
        request.modelRoots = [Folders.recipes]
        return try RecipeRun(scratch.write(text, "recipe.lua")).trace(request, isDry: true)
    }

    /// The tables that a recipe reports, by name.
    static func tables(_ body: String) throws -> [String: ReportTable] {
        let tables = try trace(body).session.tables
        return Dictionary(tables.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The error of a recipe; nil if there is none.
    static func error(_ body: String) throws -> DPPAError? {
        do {
            _ = try trace(body)
            return nil
        } catch let error as DPPAError { return error }
    }

    /// A list of lists of numbers, reported as a table.
    static func numbers(_ body: String, columns: Int) throws -> [[Double]] {
        let heads = (0..<columns).map { "\"\($0)\"" }.joined(separator: ", ")
        let text = body + "\ndppa.report { name = \"rows\", columns = { \(heads) }, rows = rows }"
        return try tables(text)["rows"]?.rows.map { $0.map(\.number) } ?? []
    }

    /// A call of a search over numbers: `goal` is what a candidate `p` is worth.
    static func call(_ parameters: String, _ goal: String, _ options: String) -> String {
        """
        local found = search {
          parameters = { \(parameters) }, candidate = function(p) return p end,
          maximize = function(list)
            local values, scores = {}, {}
            for index, p in ipairs(list) do
              values[index] = \(goal)
              scores[index] = { task = { value = values[index], seconds = 1, count = 100 } }
            end
            return values, scores
          end,
          \(options)
        }
        """
    }

    /// The table of such a search.
    static func table(_ parameters: String, _ goal: String, _ options: String) throws -> ReportTable {
        try #require(try tables(call(parameters, goal, options))["search"])
    }
}

extension ReportTable.Cell {
    /// The number; NaN of a text.
    var number: Double { if case .number(let value) = self { value } else { .nan } }
}

extension ReportTable {
    /// The cells of a column.
    func column(_ name: String) -> [Cell] {
        columns.firstIndex(of: name).map { index in rows.map { $0[index] } } ?? []
    }

    /// The row that was taken.
    var taken: [String: Cell] {
        let row = zip(column("taken"), rows).first { $0.0.text == "taken" }?.1 ?? []
        return Dictionary(zip(columns, row), uniquingKeysWith: { first, _ in first })
    }
}
