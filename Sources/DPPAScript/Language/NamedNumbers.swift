import DPPA

/// Numbers by name of which the first that matches counts: `dppa.by_name { { "*.mlp.*", 0.3 }, 0.5 }`.
final class ByNameObject: SpreadObject {
    struct Entry {
        var glob: String
        var value: any SpreadObject
    }

    private let entries: [Entry]
    /// What tensors have that no glob matches.
    private let rest: (any SpreadObject)?

    init(_ entries: [Entry], rest: (any SpreadObject)?) { (self.entries, self.rest) = (entries, rest) }

    var numbers: [Double] { entries.flatMap(\.value.numbers) + (rest?.numbers ?? []) }
    var described: String { "numbers by name" }
    var shown: String {
        (entries.map { "\($0.glob): \($0.value.shown)" } + (rest.map { ["rest: \($0.shown)"] } ?? []))
            .joined(separator: "; ")
    }

    func value(at facts: TensorFacts, depth: Double?) throws -> Double {
        if let entry = entries.first(where: { Glob.matches($0.glob, facts.name) }) {
            return try entry.value.value(at: facts, depth: depth)
        }
        guard let rest else {
            throw DPPAError(
                .data, "no glob matches \(facts.name)",
                notes: ["say what holds for all others: dppa.by_name { { \"…\", 0.3 }, 0.5 }"])
        }
        return try rest.value(at: facts, depth: depth)
    }

    func idle(_ tensors: [TensorFacts]) -> [String] {
        let unmatched = entries.filter { entry in !tensors.contains { Glob.matches(entry.glob, $0.name) } }
        return unmatched.map { "'\($0.glob)' matches no tensor" } + entries.flatMap { $0.value.idle(tensors) }
            + (rest?.idle(tensors) ?? [])
    }
}

/// Numbers along runs of layers: `dppa.by_slice { { 16, 0.3 }, { 8, dppa.gradient { 0, 1 } } }`.
final class BySliceObject: SpreadObject {
    struct Run {
        var layers: Int
        var value: any SpreadObject
    }

    private let runs: [Run]
    private let count: Int

    /// Runs from the first layer on, of which there is at least one.
    init(_ runs: [Run]) {
        self.runs = runs
        count = runs.reduce(0) { $0 + $1.layers }
    }

    var numbers: [Double] { runs.flatMap(\.value.numbers) }
    var described: String { "numbers by slice" }
    var shown: String { runs.map { "\($0.layers) layers: \($0.value.shown)" }.joined(separator: "; ") }

    /// Embeddings belong to the first run, everything else outside the layers to the last.
    func value(at facts: TensorFacts, depth: Double?) throws -> Double {
        guard let layer = facts.layer else {
            let run = facts.role == "embedding" ? runs[0] : runs[runs.count - 1]
            return try run.value.value(at: facts, depth: nil)
        }
        var first = 0
        for run in runs {
            if layer < first + run.layers {
                // The only layer of a run is its last.
                let depth = run.layers > 1 ? Double(layer - first) / Double(run.layers - 1) : 1
                return try run.value.value(at: facts, depth: depth)
            }
            first += run.layers
        }
        throw DPPAError(.data, "\(Phrase.counted(count, "layer")) are told of, and there is \(facts.name)")
    }

    func idle(_ tensors: [TensorFacts]) -> [String] {
        let layers = (tensors.compactMap(\.layer).max() ?? -1) + 1
        var lines: Set<String> = []
        if layers < count { lines.insert("\(count) layers are told of, and there are \(layers)") }
        for run in runs { lines.formUnion(run.value.idle(tensors)) }
        return lines.sorted()
    }
}

/// One number for all tensors, as part of others.
final class PlainNumber: SpreadObject {
    private let number: Double
    init(_ number: Double) { self.number = number }

    var numbers: [Double] { [number] }
    var described: String { "a number" }
    var shown: String { Graph.number(number) }
    func value(at facts: TensorFacts, depth: Double?) -> Double { number }
    func idle(_ tensors: [TensorFacts]) -> [String] { [] }
}
