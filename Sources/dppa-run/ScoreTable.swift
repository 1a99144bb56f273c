import DPPA
import DPPAScript
import Foundation

/// Scores of models on tasks, for people and as JSON.
struct ScoreTable {
    private let rows: [(model: String, results: [TaskResult])]

    init(_ rows: [(model: String, results: [TaskResult])]) { self.rows = rows }

    /// A row for each model and a column for each task, under the task's name, metric and number of samples.
    var lines: [String] {
        let tasks = rows.first?.results.map(\.score) ?? []
        var cells = [["model"] + tasks.map(\.task)]
        cells.append([""] + tasks.map { "\($0.metric?.rawValue ?? "external")\($0.count.map { ", \($0)" } ?? "")" })
        for row in rows {
            cells.append(
                [row.model]
                    + row.results.map(\.score).map { score in
                        String(format: "%.4f", score.value)
                            + (score.standardError.map { String(format: " ± %.4f", $0) } ?? "")
                    })
        }
        let widths = cells[0].indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { row in
            let padded = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(
                separator: "  ")
            return String(padded.reversed().drop { $0 == " " }.reversed())
        }
    }

    /// Writes the scores, and what was said to every question, with sorted keys.
    func writeJSON(to file: WrittenFile) throws {
        let objects = rows.map { row -> JSONValue in
            let scores = row.results.map { result -> JSONValue in
                guard !result.items.isEmpty, case .object(var score) = result.score.json else {
                    return result.score.json
                }
                score.set("items", .array(result.items.map(\.json)))
                return .object(score)
            }
            return ["model": .string(row.model), "scores": .array(scores)]
        }
        try JSONFile.write(.array(objects), to: file)
    }
}
