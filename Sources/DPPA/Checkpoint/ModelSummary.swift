import DPPAKernels
import DPPASupport
import SystemPackage

/// What a model is, in one line: form, architecture, size, types, head, vocabulary, files.
package struct ModelSummary: Sendable {
    package let label: String
    /// The form of the weight files, and how many there are.
    package let format: String
    package let files: Int
    /// What config.json calls the architecture.
    package let architecture: String?
    package let tensors: Int
    package let elements: Int
    package let bytes: Int
    /// The types of the tensors, that of most elements first.
    package let dtypes: [DType]
    /// What becomes of the hidden states in the end: "tied", "stored", or nil where there is no vocabulary.
    package let head: String?
    /// The rows of the embedding, and the number of ids that the tokenizer has.
    package let rows: Int?
    package let tokens: Int?
    /// How many small files lie beside the weights that belong to the model.
    package let smallFiles: Int

    /// Reads the tokenizer's files, and no weights.
    package init(_ model: OpenModel) {
        let config = model.config.flatMap(ConfigText.object)
        let tied = TiedHead(model)
        label = model.label
        files = model.weightFiles.count
        format = model.weightFiles.first.flatMap { FilePath($0).extension } ?? "memory"
        architecture =
            config?["model_type"]?.string ?? config?["architectures"]?.array?.first?.string
        tensors = model.tensors.count
        elements = model.tensors.reduce(0) { $0 + $1.facts.numel }
        bytes = model.byteCount
        let counts = model.tensors.reduce(into: [DType: Int]()) { $0[$1.source.dtype, default: 0] += $1.facts.numel }
        dtypes = counts.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }.map(\.key)
        head = tied.embedding == nil ? nil : tied.isTied ? "tied" : tied.head == nil ? nil : "stored"
        rows = tied.embedding?.shape[0]
        tokens = rows == nil ? nil : TokenizerFacts(model).largest.map { $0 + 1 }
        smallFiles = model.sidecarFiles.count
    }

    /// The line, without the label.
    package var words: String {
        var parts = [
            ([architecture?.shown] + ["\(Self.short(elements)) elements in \(Phrase.counted(tensors, "tensor"))"])
                .compactMap(\.self).joined(separator: ", "),
            dtypes.map(\.rawValue).joined(separator: " "),
            "\(ByteCount.words(bytes)) in " + (files == 1 ? "1 \(format) file" : "\(files) \(format) files"),
        ]
        if let head { parts.append("head \(head)") }
        if let rows { parts.append("vocabulary \(rows)" + (tokens.map { ", tokenizer \($0)" } ?? "")) }
        if smallFiles > 0 { parts.append(Phrase.counted(smallFiles, "small file")) }
        return parts.joined(separator: "; ")
    }

    /// A count in three digits: 2.46 M.
    private static func short(_ count: Int) -> String {
        for (size, unit) in [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")] where Double(count) >= size {
            let value = Double(count) / size
            let scale = value >= 100 ? 1.0 : value >= 10 ? 10 : 100
            let rounded = (value * scale).rounded() / scale
            return "\(rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)) \(unit)"
        }
        return "\(count)"
    }
}
