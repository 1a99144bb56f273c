import DPPASupport
import Foundation

/// Greedy generation with a cache of keys and values, all questions of a task together.
struct Generator {
    private let pass: ForwardPass
    private let memory: Int

    /// A generator over one model; `memory` is what caches and activations may take, in bytes.
    init(_ pass: ForwardPass, memory: Int) {
        self.pass = pass
        self.memory = memory
    }

    /// What each question of a task is answered; `text` gives the text of tokens.
    func verdicts(_ task: EncodedTask, _ text: ([Int32]) -> String) throws -> [Verdict] {
        let declaration = task.task.declaration
        let limits = Limits(
            stops: task.stops, texts: declaration.stopTexts, maximumTokens: declaration.maximumTokens)
        var verdicts: [Verdict] = []
        for wave in try waves(task) {
            let samples = Array(task.samples[wave])
            let completions = try complete(samples.map(\.prompt), limits, text)
            for (sample, completion) in zip(samples, completions) {
                let said = limits.cut(text(completion))
                let found = try declaration.rule.answer(in: said)
                verdicts.append(
                    Verdict(
                        generated: said, found: found,
                        isMatch: found.map { AnswerRule.equal($0, sample.question.answerText) } ?? false))
            }
        }
        return verdicts
    }

    /// Where a text ends.
    struct Limits {
        var stops: Set<Int32> = []
        var texts: [String] = []
        var maximumTokens: Int

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
            let sequences = active.map { index in
                TokenSequence(tokens: next[index], wanted: next[index].count - 1..<next[index].count, targets: [])
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

    /// Questions that are answered together: as many as memory holds, at most 64.
    private func waves(_ task: EncodedTask) throws -> [Range<Int>] {
        let perToken = pass.network.cacheBytesPerToken + pass.network.bytesPerToken
        let tokens = task.task.declaration.maximumTokens
        var waves: [Range<Int>] = []
        var bytes = 0
        for (index, sample) in task.samples.enumerated() {
            let own = (sample.prompt.count + tokens) * perToken
            guard own <= memory else {
                throw DPPAError(
                    .limit,
                    "\(task.task.path):\(sample.question.line): generating \(tokens) tokens needs "
                        + "\(ByteCount.memory(own)); \(ByteCount.memory(memory)) are free",
                    notes: ["give more with --memory, or lower max_tokens in the task"])
            }
            if let last = waves.last, last.count < 64, bytes + own <= memory {
                waves[waves.count - 1] = last.lowerBound..<index + 1
                bytes += own
            } else {
                waves.append(index..<index + 1)
                bytes = own
            }
        }
        return waves
    }
}
