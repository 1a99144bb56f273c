import DPPAKernels
import DPPASupport
import SystemPackage

/// What a model is: form, architecture, size, types, head, vocabulary, files; what every command tells of one is this.
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
    /// The types as they are stored, that of most elements first, and how many tensors have it.
    package let dtypes: [(dtype: String, tensors: Int)]
    /// What becomes of the hidden states in the end: "tied", "stored", or nil where there is no vocabulary.
    package let head: String?
    /// The rows of the embedding.
    package let rows: Int?
    private let tokenizer: TokenizerFiles
    /// Whether its tokenizer is where it is not read, and no file has it.
    package let hasUnreadTokenizer: Bool
    /// The small files beside the weights that belong to the model.
    package let smallFiles: [String]
    /// Those of them that go along with what is made of it; nil where that is not known.
    package let carried: [String]?

    /// The number of ids that the tokenizer has, whose files are read for it; nil where there is no vocabulary.
    package var tokens: Int? { rows == nil ? nil : tokenizer.facts.largest.map { $0 + 1 } }

    /// Reads nothing; `taken` are the paths of all small files that are written with some model.
    package init(_ model: OpenModel, taken: Set<String>? = nil) {
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
        let counts = model.tensors.reduce(into: [String: (tensors: Int, elements: Int)]()) {
            $0[$1.source.encoding, default: (0, 0)].tensors += 1
            $0[$1.source.encoding, default: (0, 0)].elements += $1.facts.numel
        }
        dtypes = counts.sorted { ($1.value.elements, $0.key) < ($0.value.elements, $1.key) }
            .map { ($0.key, $0.value.tensors) }
        head = tied.embedding == nil ? nil : tied.isTied ? "tied" : tied.head == nil ? nil : "stored"
        rows = tied.embedding?.shape[0]
        tokenizer = model.tokenizer
        hasUnreadTokenizer = model.hasUnreadTokenizer
        smallFiles = model.sidecarFiles
        carried = taken.map { taken in model.sidecarFiles.filter { taken.contains(model.home + "/" + $0) } }
    }

    /// The line, without the label.
    package var words: String {
        var parts = [
            ([architecture?.shown] + ["\(Self.short(elements)) elements in \(Phrase.counted(tensors, "tensor"))"])
                .compactMap(\.self).joined(separator: ", "),
            dtypes.map(\.dtype).joined(separator: " "),
            "\(ByteCount.words(bytes)) in " + (files == 1 ? "1 \(format) file" : "\(files) \(format) files"),
        ]
        if let head { parts.append("head \(head)") }
        if let rows {
            let unread = hasUnreadTokenizer ? ", tokenizer in the GGUF file alone, which is not read" : ""
            parts.append("vocabulary \(rows)" + (tokens.map { ", tokenizer \($0)" } ?? unread))
        }
        if !smallFiles.isEmpty { parts.append(smallFileWords) }
        return parts.joined(separator: "; ")
    }

    /// How many small files go along, and what stays: by name where it is little.
    private var smallFileWords: String {
        guard let carried else { return Phrase.counted(smallFiles.count, "small file") }
        let left = smallFiles.filter { !carried.contains($0) }
        let goes = Phrase.counted(carried.count, "small file") + (carried.count == 1 ? " goes along" : " go along")
        let names = left.count <= 3 ? left.map(\.shown).joined(separator: ", ") : "\(left.count) small files"
        let stays = names + (left.count == 1 ? " stays" : " stay")
        return left.isEmpty ? goes : carried.isEmpty ? stays : "\(goes), \(stays)"
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
