import DPPACheckpoint
import DPPASupport
import Foundation
import SystemPackage

/// Reads tasks from JSON lines: one question a line, token ids for the model and texts beside them for people.
///
///     {"prompt": [256, 81], "target": [32, 257]}                        exact_match
///     {"prompt": [256, 81], "choices": [[65], [66, 67]], "answer": 1}   choice
///     {"tokens": [256, 81, 58, 32]}                                     perplexity
///     {"prompt": [256, 81], "answer_text": "42"}                        generate
///
/// A first line `{"metric": "generate", "stop": [257], "max_tokens": 256, "answer_after": "####"}` says what the lines do
/// not: another metric, and for `generate` where the text ends and where its answer is (without `answer_after`, the last
/// number of the text).
extension EvaluationTask {
    /// Reads a task file.
    ///
    /// Throws `missingInput` when it cannot be read, and `data` with the line when one is not as described, or when there is
    /// no question at all.
    public init(path: String, name: String? = nil) throws {
        guard access(path, F_OK) == 0 else { throw DPPAError(.missingInput, "there is no task file \(path)") }
        let bytes = try FileDescriptor.contents(path, limit: 1 << 28)
        var header = TaskHeader()
        var samples: [Sample] = []
        var metric: Metric?
        var (start, number) = (0, 0)
        while start < bytes.count {
            let line = bytes[start..<(bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count)]
            start = line.endIndex + 1
            number += 1
            guard !line.allSatisfy({ $0 == 32 || $0 == 13 || $0 == 9 }) else { continue }
            let reader = try TaskLine(line, place: "\(path):\(number)")
            if samples.isEmpty, metric == nil, reader.isHeader {
                header = try reader.header()
                metric = header.metric
                continue
            }
            let (sample, own) = try reader.sample(metric, line: number)
            metric = metric ?? own
            samples.append(sample)
        }
        guard let metric, !samples.isEmpty else {
            throw DPPAError(.data, "the task \(path) has no questions", notes: ["a line is one question, as JSON"])
        }
        self.init(
            name: name ?? FilePath(path).stem ?? path, metric: metric, path: path, samples: samples,
            generation: header.generation,
            fingerprint: Fingerprint.of(bytes))
    }
}

private struct TaskHeader {
    var metric: EvaluationTask.Metric?
    var generation = EvaluationTask.Generation()
}

/// One line of a task file.
private struct TaskLine {
    private let fields: JSONObject
    private let place: String

    /// A line is read as a whole, into many times its size.
    private static let sizeLimit = 1 << 24

    init(_ line: ArraySlice<UInt8>, place: String) throws {
        guard line.count <= Self.sizeLimit else {
            throw DPPAError(.data, "\(place): the line has \(line.count) bytes; at most \(Self.sizeLimit) are read")
        }
        fields = try JSONObject(line, file: "\(place): not a JSON object")
        self.place = place
    }

    var isHeader: Bool { fields["metric"] != nil }

    func header() throws -> TaskHeader {
        guard let text = fields["metric"]?.string, let metric = EvaluationTask.Metric(rawValue: text) else {
            let known = EvaluationTask.Metric.allCases.map(\.rawValue).joined(separator: ", ")
            throw DPPAError(.data, "\(place): 'metric' must be one of \(known)")
        }
        let known = ["metric", "stop", "max_tokens", "answer_after"]
        if let unknown = fields.names.filter({ !known.contains($0) }).min() {
            throw DPPAError(
                .data, "\(place): the first line has no key '\(unknown.shown)'",
                notes: ["keys are \(known.joined(separator: ", "))"])
        }
        var header = TaskHeader(metric: metric)
        if fields["stop"] != nil { header.generation.stop = try tokens("stop") }
        if let value = fields["max_tokens"] {
            guard let count = value.int, (1...100_000).contains(count) else {
                throw DPPAError(.data, "\(place): 'max_tokens' must be a whole number from 1 to 100000")
            }
            header.generation.maximumTokens = count
        }
        if let value = fields["answer_after"] {
            guard let text = value.string, !text.isEmpty else {
                throw DPPAError(.data, "\(place): 'answer_after' must be a text")
            }
            header.generation.delimiter = text
        }
        return header
    }

    /// The question, and the metric that its keys speak for.
    func sample(
        _ metric: EvaluationTask.Metric?, line: Int
    ) throws -> (EvaluationTask.Sample, EvaluationTask.Metric) {
        var sample = EvaluationTask.Sample(line: line)
        let own: EvaluationTask.Metric =
            fields["choices"] != nil
            ? .choice : fields["tokens"] != nil ? .perplexity : fields["target"] != nil ? .exactMatch : .generate
        let metric = metric ?? own
        switch metric {
        case .perplexity:
            let document = try tokens("tokens")
            guard document.count > 1 else { throw DPPAError(.data, "\(place): a document needs two tokens or more") }
            sample.prompt = [document[0]]
            sample.completions = [Array(document.dropFirst())]
        case .exactMatch:
            sample.prompt = try filled("prompt")
            sample.completions = [try filled("target")]
        case .choice, .choiceNormalized:
            sample.prompt = try filled("prompt")
            guard let choices = fields["choices"]?.array, choices.count > 1 else {
                throw DPPAError(.data, "\(place): 'choices' must be a list of two or more lists of token ids")
            }
            sample.completions = try choices.map { try list($0, "choices") }
            guard let answer = fields["answer"]?.int, choices.indices.contains(answer) else {
                throw DPPAError(
                    .data, "\(place): 'answer' must be the index of a choice, from 0 to \(choices.count - 1)")
            }
            sample.answer = answer
        case .generate:
            sample.prompt = try filled("prompt")
            guard let text = fields["answer_text"]?.string, !text.isEmpty else {
                throw DPPAError(.data, "\(place): 'answer_text' must be the right answer as a text")
            }
            sample.answerText = text
        }
        return (sample, metric)
    }

    private func tokens(_ key: String) throws -> [Int32] {
        guard let value = fields[key] else { throw DPPAError(.data, "\(place): there is no '\(key)'") }
        return try list(value, key, mayBeEmpty: true)
    }

    private func filled(_ key: String) throws -> [Int32] {
        guard let value = fields[key] else { throw DPPAError(.data, "\(place): there is no '\(key)'") }
        return try list(value, key)
    }

    private func list(_ value: JSONValue, _ key: String, mayBeEmpty: Bool = false) throws -> [Int32] {
        let refusal = DPPAError(.data, "\(place): '\(key)' must be a list of token ids")
        guard let values = value.array, mayBeEmpty || !values.isEmpty else { throw refusal }
        return try values.map {
            guard let token = $0.int.flatMap(Int32.init(exactly:)), token >= 0 else { throw refusal }
            return token
        }
    }
}
