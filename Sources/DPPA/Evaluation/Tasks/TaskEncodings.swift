import DPPACheckpoint
import DPPASupport

/// Tokenizers, and tasks as their tokens, kept between scorings: a search scores hundreds of candidates on the same texts.
public final class TaskEncodings {
    private var tokenizers: [String: TaskTokenizer] = [:]
    private var tasks: [UInt128: EncodedTask] = [:]

    /// Nothing yet.
    public init() {}

    /// The tokenizer of a model.
    func tokenizer(of model: OpenModel) throws -> TaskTokenizer {
        var key = model.path
        if let text = model.vocabulary?.texts["tokenizer.json"] {
            // For every score of a search: byte by byte it would take longer than some models.
            key += "\n\(Digest.of(Array(text.utf8)))"
        }
        if let known = tokenizers[key] { return known }
        let tokenizer = try TaskTokenizer(model)
        tokenizers[key] = tokenizer
        return tokenizer
    }

    /// A task of texts as the tokens of a model.
    func encode(
        _ task: EvaluationTask, for model: OpenModel, positions: Int?
    ) throws -> (EncodedTask, TaskTokenizer) {
        let tokenizer = try tokenizer(of: model)
        var hash = Fingerprint()
        hash.add(task.fingerprint)
        hash.add(task.path)
        hash.add(tokenizer.digest)
        hash.add(UInt64(positions ?? 0))
        if let known = tasks[hash.value], known.task.name == task.name { return (known, tokenizer) }
        let encoded = try EncodedTask(texts: task, tokenizer, positions: positions)
        tasks[hash.value] = encoded
        return (encoded, tokenizer)
    }
}
