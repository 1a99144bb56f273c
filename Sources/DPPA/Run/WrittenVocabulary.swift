import DPPACheckpoint
import DPPASupport

/// The rows of embedding and head of a written model, against what its config and tokenizer say.
struct WrittenVocabulary {
    /// What config.json says.
    private let declared: VocabularySize?
    /// The tensors with a row for each token, as they are written.
    private let tensors: [TensorFacts]

    /// The vocabulary of a result: its tensors that have, in the model that config.json comes from, a row for each token.
    init(_ source: OpenModel, _ tensors: [TensorFacts]) {
        declared = VocabularySize(source.config)
        let names = Set(Self.tensors(source).map(\.name))
        self.tensors = tensors.filter { names.contains($0.name) }
    }

    /// How many rows there are; nil where nothing tells.
    private var rows: Int? { tensors.first?.shape.first }

    /// The text of config.json with the rows that are written.
    ///
    /// Throws `data` when embedding and head do not have equally many.
    func fit(_ config: String, _ notices: inout [String]) throws -> String {
        guard let rows, let declared else { return config }
        if let other = tensors.first(where: { $0.shape.first != rows }) {
            throw DPPAError(
                .data,
                "\(tensors[0].name) has \(rows) rows and \(other.name) has \(other.shape.first ?? 0): no reader takes both",
                notes: ["let both be merged with the same models"])
        }
        guard rows != declared.count else { return config }
        notices.append(
            "warning: vocab_size of config.json became \(rows), the rows of \(tensors[0].name); it was \(declared.count)"
        )
        return try ConfigText.setting(config, declared.key, to: String(rows))
    }

    /// Checks that every token of a tokenizer has a row.
    ///
    /// Throws `data` when one that was asked for has tokens beyond the rows, though it fits its own model.
    func require(_ tokenizer: OpenModel, isAsked: Bool, _ notices: inout [String]) throws {
        guard let rows, let largest = TokenizerFacts(tokenizer).largest, largest >= rows else { return }
        let what =
            "the tokenizer of \(tokenizer.label) has tokens to \(largest), and \(tensors[0].name) has \(rows) rows"
        let own = Self.tensors(tokenizer).first?.shape.first
        guard isAsked, let own, largest < own else {
            notices.append("warning: \(what): a text with one of the others cannot be read")
            return
        }
        throw DPPAError(
            .data, what,
            notes: [
                "save with a tokenizer that fits the rows, or start the merge from \(tokenizer.label), which has \(own)"
            ])
    }

    /// Embedding and head of a model: the matrices with as many rows as its config declares.
    private static func tensors(_ model: OpenModel) -> [TensorFacts] {
        guard let size = VocabularySize(model.config)?.count else { return [] }
        return model.tensors.map(\.facts).filter {
            ["embedding", "head"].contains($0.role) && $0.shape.count == 2 && $0.shape[0] == size
        }
    }
}
