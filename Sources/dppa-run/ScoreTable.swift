import DPPA
import Foundation

/// Scores of models on tasks, for people and as JSON.
struct ScoreTable {
    private let rows: [(model: String, scores: [Score])]

    init(_ rows: [(model: String, scores: [Score])]) { self.rows = rows }

    /// One line for each model and task.
    var lines: [String] {
        let width = max(5, rows.map(\.model.count).max() ?? 0)
        let taskWidth = max(4, rows.flatMap(\.scores).map(\.task.count).max() ?? 0)
        func pad(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        let head = "\(pad("model", width))  \(pad("task", taskWidth))  \(pad("metric", 17))    score  ± error      n"
        return [head]
            + rows.flatMap { row in
                row.scores.map { score in
                    let error = score.standardError.map { String(format: "%7.4f", $0) } ?? "      –"
                    let count = score.count.map { String(format: "%6d", $0) } ?? "     –"
                    return "\(pad(row.model, width))  \(pad(score.task, taskWidth))  "
                        + "\(pad(score.metric?.rawValue ?? "external", 17))  \(String(format: "%7.4f", score.value))"
                        + "  \(error) \(count)"
                }
            }
    }

    /// Writes the scores with sorted keys.
    func writeJSON(to path: String) throws {
        let object: [[String: Any]] = rows.map { row in
            ["model": row.model, "scores": row.scores.map(\.json)]
        }
        do {
            let data = try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
            try (data + Data("\n".utf8)).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw DPPAError(.cannotCreate, "cannot write \(path)", cause: error.localizedDescription)
        }
    }
}
