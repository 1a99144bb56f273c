import DPPASupport
import Foundation

/// Greedy generation with a cache of keys and values, many questions of a task together.
///
/// Which rows a product has may change their last bits, so questions go through the model in batches of their own group. Groups are
/// those of the task: what is answered depends on neither memory nor how many groups are there together.
struct Generator {
    private let pass: ForwardPass
    private let memory: Int

    /// A generator over one model; `memory` is what caches and activations may take, in bytes.
    init(_ pass: ForwardPass, memory: Int) {
        self.pass = pass
        self.memory = memory
    }

    /// What is generated behind whole groups of a task's questions, as tokens; `text` gives the text of tokens.
    func completions(
        _ task: EncodedTask, _ questions: Range<Int>, _ text: ([Int32]) -> String
    ) throws -> [[Int32]] {
        let limits = Limits(task)
        return try fitting(task, questions).flatMap { try complete(task.samples[$0].map(\.prompt), limits, text) }
    }

    /// What each question of a task is answered with what was generated behind it.
    static func verdicts(
        _ task: EncodedTask, _ completions: [[Int32]], _ text: ([Int32]) -> String
    ) throws -> [Verdict] {
        let limits = Limits(task)
        return try zip(task.samples, completions).map { sample, completion in
            let said = limits.cut(text(completion))
            let found = try task.task.declaration.rule.answer(in: said)
            return Verdict(
                generated: said, found: found,
                isMatch: found.map { AnswerRule.equal($0, sample.question.answerText) } ?? false)
        }
    }

    /// The groups of a task's questions.
    static func groups(_ task: EncodedTask) -> [Range<Int>] {
        let count = task.samples.count
        return stride(from: 0, to: count, by: groupSize).map { $0..<min(count, $0 + groupSize) }
    }

    private static let groupSize = 16

    /// Where a text ends.
    struct Limits {
        var stops: Set<Int32> = []
        var texts: [String] = []
        var maximumTokens: Int

        /// Limits, all given.
        init(stops: Set<Int32> = [], texts: [String] = [], maximumTokens: Int) {
            (self.stops, self.texts, self.maximumTokens) = (stops, texts, maximumTokens)
        }

        /// Those of a task.
        init(_ task: EncodedTask) {
            let declaration = task.task.declaration
            self.init(
                stops: task.stops, texts: declaration.stopTexts, maximumTokens: declaration.maximumTokens)
        }

        /// A text up to the first of the texts that end it.
        func cut(_ text: String) -> String {
            let ends = texts.compactMap { text.range(of: $0, options: .literal)?.lowerBound }
            return ends.min().map { String(text[..<$0]) } ?? text
        }
    }

    /// The completions of some prompts: the most likely token each time, until a stop token, which is left out, a text that ends
    /// them, or the most tokens that are allowed.
    func complete(
        _ prompts: [[Int32]], _ limits: Limits, _ text: ([Int32]) -> String = { _ in "" }
    ) throws -> [[Int32]] {
        let cache = KeyValueCache(
            widths: pass.network.keyWidths, capacities: prompts.map { $0.count + limits.maximumTokens })
        var completions = [[Int32]](repeating: [], count: prompts.count)
        var active = Array(prompts.indices)
        var next = prompts
        while !active.isEmpty {
            cache.active = active
            let sequences = active.enumerated().map { place, index in
                var sequence = TokenSequence(
                    tokens: next[index], wanted: next[index].count - 1..<next[index].count, targets: [])
                sequence.isFirst = place > 0 && index / Self.groupSize != active[place - 1] / Self.groupSize
                return sequence
            }
            let past = active.map { completions[$0].isEmpty ? 0 : prompts[$0].count + completions[$0].count - 1 }
            let found = try pass.run(sequences, candidates: 1, past: past, caches: [cache])[0]
            var remaining: [Int] = []
            for (index, prediction) in zip(active, found) {
                guard prediction.isFinite else { throw DPPAError(.data, "the model gives infinite or NaN logits") }
                guard !limits.stops.contains(prediction.best) else { continue }
                completions[index].append(prediction.best)
                next[index] = [prediction.best]
                guard completions[index].count < limits.maximumTokens else { continue }
                if !limits.texts.isEmpty {
                    let said = text(completions[index])
                    if limits.texts.contains(where: { said.range(of: $0, options: .literal) != nil }) { continue }
                }
                remaining.append(index)
            }
            active = remaining
        }
        return completions
    }

    /// Questions in parts that memory holds, of whole groups and at most 64 where it can.
    private func fitting(_ task: EncodedTask, _ questions: Range<Int>) throws -> [Range<Int>] {
        let perToken = pass.network.cacheBytesPerToken + pass.network.bytesPerToken
        let tokens = task.task.declaration.maximumTokens
        let sizes = try questions.map { index in
            let sample = task.samples[index]
            let own = (sample.prompt.count + tokens) * perToken
            guard own <= memory else {
                throw DPPAError(
                    .limit,
                    "\(task.task.path):\(sample.question.line): generating \(tokens) tokens needs "
                        + "\(ByteCount.memory(own)); \(ByteCount.memory(memory)) are free",
                    notes: ["give more with --memory, or lower max_tokens in the task"])
            }
            return own
        }
        func size(_ range: Range<Int>) -> Int {
            sizes[range.lowerBound - questions.lowerBound..<range.upperBound - questions.lowerBound].reduce(0, +)
        }
        var parts: [Range<Int>] = []
        func add(_ range: Range<Int>) {
            if let last = parts.last, last.count + range.count <= 64, size(last) + size(range) <= memory {
                parts[parts.count - 1] = last.lowerBound..<range.upperBound
            } else {
                parts.append(range)
            }
        }
        for group in Self.groups(task) where questions.contains(group.lowerBound) {
            if size(group) <= memory { add(group) } else { for index in group { add(index..<index + 1) } }
        }
        return parts
    }
}
