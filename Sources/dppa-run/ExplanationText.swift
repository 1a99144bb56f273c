import DPPA
import DPPAScript
import Foundation

/// What is in a model, in words and as JSON.
struct ExplanationText {
    private let explanation: ModelExplanation
    private let model: String

    init(_ explanation: ModelExplanation, model: String) { (self.explanation, self.model) = (explanation, model) }

    /// Groups that are listed; more are counted.
    private static let most = 12

    /// Writes a line for each group, what no sum explains, and the tensors where asked.
    func show(listing all: Bool) {
        let (tensors, groups) = (explanation.tensors, explanation.groups)
        let heading = ["tensors", "from \(explanation.base) and", "same number", "within a step"]
        let rows = groups.indices.prefix(Self.most).map { number -> [String] in
            let members = tensors.filter { $0.group == number }
            let elements = members.reduce(0) { $0 + $1.facts.numel }
            func share(_ wrong: Double) -> String { Self.percent(1 - wrong / Double(max(1, elements))) }
            return [
                "\(members.count) of \(tensors.count)", sum(groups[number].coefficients),
                share(members.reduce(0) { $0 + $1.differing }), share(members.reduce(0) { $0 + $1.beyond }),
                members.count == tensors.count ? "" : Phrase.list(members.map(\.facts.name.shown), limit: 2),
            ]
        }
        if !rows.isEmpty {
            Console.table(Self.aligned([heading + [""]] + rows))
            if groups.count > rows.count { Console.output("and \(groups.count - rows.count) more sums") }
        }
        let rest = tensors.filter { $0.group == nil }
        if !rest.isEmpty {
            if !rows.isEmpty { Console.output("") }
            let nearest = rest.prefix(all ? 0 : Self.most).map(row)
            Console.table(
                Self.aligned(
                    [["no sum of whole deltas", "nearest", "‖D‖ / ‖b‖", "of ‖D‖² left", ""]]
                        + [["\(rest.count) of \(tensors.count), together", mean(rest), "", left(rest), ""]] + nearest))
            if rest.count > nearest.count, !all { Console.output("and \(rest.count - nearest.count) more: --tensors") }
        }
        if all {
            Console.output("")
            Console.table(
                Self.aligned([["tensor", "nearest", "‖D‖ / ‖b‖", "of ‖D‖² left", ""]] + tensors.map(row)))
        }
        if !explanation.notes.isEmpty { Console.output("") }
        for note in explanation.notes { Console.output(note) }
    }

    private func row(_ tensor: ModelExplanation.Tensor) -> [String] {
        [
            tensor.facts.name.shown, sum(tensor.coefficients), String(format: "%.4f", tensor.relativeNorm),
            Self.percent(tensor.residualShare), "",
        ]
    }

    /// `0.60 math + 0.40 law`.
    private func sum(_ coefficients: [Double]) -> String {
        let terms = zip(coefficients, explanation.experts).filter { $0.0 != 0 }
        guard !terms.isEmpty else { return "nothing" }
        return terms.enumerated().map { place, term in
            let size = Self.number(term.0.magnitude)
            let sign = term.0 < 0 ? (place == 0 ? "−" : " − ") : place == 0 ? "" : " + "
            return "\(sign)\(size) \(term.1)"
        }.joined()
    }

    /// The mean coefficients of tensors, by their elements.
    private func mean(_ tensors: [ModelExplanation.Tensor]) -> String {
        let total = tensors.reduce(0.0) { $0 + Double($1.facts.numel) }
        return sum(
            explanation.experts.indices.map { expert in
                tensors.reduce(0.0) { $0 + $1.coefficients[expert] * Double($1.facts.numel) } / max(1, total)
            })
    }

    /// The share of the change that is left of all of them.
    private func left(_ tensors: [ModelExplanation.Tensor]) -> String {
        let all = tensors.reduce(0.0) { $0 + $1.squares }
        return Self.percent(
            tensors.reduce(0.0) { $0 + $1.squares * $1.residualShare } / max(all, .leastNonzeroMagnitude))
    }

    /// Two decimals where they are all there is, else four.
    private static func number(_ value: Double) -> String {
        let two = (value * 100).rounded() / 100
        return String(format: abs(two - value) < 1e-9 ? "%.2f" : "%.4f", value)
    }

    private static func percent(_ share: Double) -> String {
        let percents = share * 100
        return share < 1 && percents > 99.995 ? "> 99.99 %" : String(format: "%.2f %%", percents)
    }

    /// The second column, a sum, from the left like the first.
    private static func aligned(_ rows: [[String]]) -> [String] {
        let width = rows.map { $0[1].count }.max() ?? 0
        return TextTable.lines(
            rows.map { row in
                var row = row
                row[1] += String(repeating: " ", count: width - row[1].count)
                return row
            })
    }

    var json: JSONValue {
        func object(_ coefficients: [Double]) -> JSONValue {
            .object(JSONObject(zip(explanation.experts, coefficients).map { ($0, .double($1)) }))
        }
        let groups = explanation.groups.map { group -> JSONValue in
            ["coefficients": object(group.coefficients), "tensors": .integer(group.count)]
        }
        let tensors = explanation.tensors.map { tensor -> JSONValue in
            [
                "name": .string(tensor.facts.name), "coefficients": object(tensor.coefficients),
                "group": JSONValue(tensor.group), "relative_norm": .double(tensor.relativeNorm),
                "residual_share": .double(tensor.residualShare), "differing": .double(tensor.differing),
                "beyond_a_step": .double(tensor.beyond),
            ]
        }
        return [
            "model": .string(model), "base": .string(explanation.base), "experts": JSONValue(explanation.experts),
            "groups": .array(groups), "tensors": .array(tensors), "notes": JSONValue(explanation.notes),
        ]
    }
}
