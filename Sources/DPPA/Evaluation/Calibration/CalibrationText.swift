import DPPASupport

/// The calibration text of a model: some lines of a task file as its tokens, a sequence each.
///
/// A line is a document, or a question with its answer: the prompt and what is to follow it, of choices the right one.
package struct CalibrationText: Sendable {
    /// What is taken of a file.
    package struct Options: Sendable, Hashable {
        /// How many lines, the first ones.
        package var samples: Int
        /// How many tokens of a line at most, the first ones.
        package var length: Int

        /// Options; by default 128 lines of 2048 tokens, as published programs take.
        package init(samples: Int = 128, length: Int = 2048) { (self.samples, self.length) = (samples, length) }
    }

    package let sequences: [[Int32]]
    /// What tells the text from another.
    package let fingerprint: UInt128

    /// How many tokens there are.
    package var tokenCount: Int { sequences.reduce(0) { $0 + $1.count } }

    /// Reads a task as a model's tokens.
    ///
    /// Throws `data` with the line that has no tokens, or one that the model does not know.
    init(_ task: EvaluationTask, _ subject: EvaluationSubject, _ encodings: TaskEncodings, _ options: Options) throws {
        let encoded = try subject.encode(task, encodings).0
        let length = min(options.length, subject.network.maximumPositions ?? .max)
        var hash = Fingerprint()
        sequences = try encoded.samples.prefix(options.samples).map { sample in
            let place = "\(task.path):\(sample.question.line)"
            let request =
                sample.requests.indices.contains(sample.question.answer)
                ? sample.requests[sample.question.answer] : sample.requests.first
            let tokens = Array((request.map { $0.prompt + $0.completion } ?? sample.prompt).prefix(length))
            guard !tokens.isEmpty else { throw DPPAError(.data, "\(place): the line has no tokens") }
            if let token = tokens.first(where: { Int($0) >= subject.network.vocabulary }) {
                throw DPPAError(
                    .data,
                    "\(place): token \(token) is not in the vocabulary of \(subject.label), which has "
                        + "\(subject.network.vocabulary)",
                    notes: ["the file was made with another tokenizer"])
            }
            hash.add(UInt64(tokens.count))
            for token in tokens { hash.add(UInt64(UInt32(bitPattern: token))) }
            return tokens
        }
        fingerprint = hash.value
    }
}
