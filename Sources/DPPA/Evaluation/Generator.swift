import DPPASupport

/// Greedy generation with a cache of keys and values, all questions of a task together.
struct Generator {
    private let pass: ForwardPass
    private let memory: Int

    /// A generator over one model; `memory` is what caches and activations may take, in bytes.
    init(_ pass: ForwardPass, memory: Int) {
        self.pass = pass
        self.memory = memory
    }

    /// Which questions are answered rightly, the completions read as text.
    func answers(_ task: EvaluationTask, _ text: TokenText) throws -> [Bool] {
        var right: [Bool] = []
        for wave in try waves(task) {
            let samples = Array(task.samples[wave])
            let completions = try complete(samples.map(\.prompt), task.generation)
            for (sample, completion) in zip(samples, completions) {
                let answer = TextAnswer(in: text.text(completion), after: task.generation.delimiter)
                right.append(answer.matches(sample.answerText))
            }
        }
        return right
    }

    /// The completions of some prompts: the most likely token each time, until a stop token, which is left out, or the
    /// most tokens that are allowed.
    func complete(_ prompts: [[Int32]], _ generation: EvaluationTask.Generation) throws -> [[Int32]] {
        let cache = KeyValueCache(
            widths: pass.network.keyWidths, capacities: prompts.map { $0.count + generation.maximumTokens })
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
                guard !generation.stop.contains(prediction.best) else { continue }
                completions[index].append(prediction.best)
                next[index] = [prediction.best]
                if completions[index].count < generation.maximumTokens { remaining.append(index) }
            }
            active = remaining
        }
        return completions
    }

    /// Questions that are answered together: as many as memory holds, at most 64.
    private func waves(_ task: EvaluationTask) throws -> [Range<Int>] {
        let perToken = pass.network.cacheBytesPerToken + pass.network.bytesPerToken
        var waves: [Range<Int>] = []
        var bytes = 0
        for (index, sample) in task.samples.enumerated() {
            let own = (sample.prompt.count + task.generation.maximumTokens) * perToken
            guard own <= memory else {
                throw DPPAError(
                    .limit,
                    "\(task.path):\(sample.line): generating \(task.generation.maximumTokens) tokens needs "
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
