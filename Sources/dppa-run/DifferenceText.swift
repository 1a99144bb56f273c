import DPPA
import DPPAScript
import Foundation

/// A comparison of two checkpoints in words and as JSON.
struct DifferenceText {
    private let difference: CheckpointDifference

    init(_ difference: CheckpointDifference) { self.difference = difference }

    func lines(listing tensors: Bool) -> [String] {
        let rows = [difference.whole] + difference.layers + (tensors ? difference.tensors : [])
        let width = max(6, rows.map(\.name.shown.count).max() ?? 0)
        func pad(_ text: String) -> String { text + String(repeating: " ", count: width - text.count) }
        var lines = ["\(pad(""))  relative norm    cosine   changed   largest"]
        lines += rows.map { row in
            pad(row.name.shown)
                + String(
                    format: "  %13.5g  %8.5f  %7.2f %%  %8.3g", row.relativeNorm, row.cosine, row.changed * 100,
                    row.largest)
        }
        if !difference.unmatched.isEmpty {
            lines.append("not compared, because one model lacks it or has another shape or type:")
            lines += difference.unmatched.map { "  \($0.shown)" }
        }
        return lines
    }

    var json: JSONValue {
        func object(_ measure: CheckpointDifference.Measure) -> JSONValue {
            [
                "name": .string(measure.name), "count": .integer(measure.count),
                "relative_norm": .double(measure.relativeNorm), "cosine": .double(measure.cosine),
                "changed": .double(measure.changed), "largest": .double(measure.largest),
            ]
        }
        return [
            "all": object(difference.whole), "layers": .array(difference.layers.map(object)),
            "tensors": .array(difference.tensors.map(object)), "not_compared": JSONValue(difference.unmatched),
        ]
    }
}
