import DPPAKernels
import DPPASupport

/// The tensors of GGUF files under the names that transformers has for them, with what llama.cpp changes undone.
struct GGUFTensors {
    typealias Found = (name: String, source: any TensorSource)

    private(set) var tensors: [Found] = []
    /// Tensors that are computed from elsewhere, by their names in the file.
    private(set) var derived: [String] = []
    private let metadata: GGUFMetadata
    private let family: GGUFFamily
    private let blocks: Int
    private let experts: Int

    /// The most experts, and the most tensors that all stacks give.
    private static let expertLimit = 4096
    private static let tensorLimit = 1 << 18

    /// Throws `data` when a tensor is none of the family, one is missing, or shapes contradict the metadata.
    init(_ metadata: GGUFMetadata, _ family: GGUFFamily, _ stored: [Found]) throws {
        (self.metadata, self.family) = (metadata, family)
        blocks = try metadata.integer("block_count")
        experts = family.experts == nil ? 0 : try metadata.integer("expert_count")
        guard experts <= Self.expertLimit else {
            throw GGUFHeader.damage(metadata.path, "it has \(experts) experts; at most \(Self.expertLimit) are read")
        }
        for (name, source) in stored {
            if GGUFFamily.isDerived(name) {
                derived.append(name)
            } else {
                tensors += try found(name, source)
            }
            guard tensors.count <= Self.tensorLimit else {
                throw GGUFHeader.damage(metadata.path, "its stacks have more than \(Self.tensorLimit) matrices")
            }
        }
        try requireWhole()
    }

    private func found(_ name: String, _ source: any TensorSource) throws -> [Found] {
        if let outer = GGUFFamily.outer[name] { return [(outer, normal(outer, source))] }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 4, parts[0] == "blk", let block = Int(parts[1]), block < blocks,
            let parameter = parts.last, ["weight", "bias"].contains(parameter)
        else { throw unknown(name) }
        let prefix = "model.layers.\(block)."
        if parts.count == 5, let expert = Int(parts[3]), let matrix = matrix(parts[2]), let site = family.experts?.site
        {
            return [("\(prefix)\(site).\(expert).\(matrix).\(parameter)", source)]
        }
        guard parts.count == 4 else { throw unknown(name) }
        if parts[2].hasSuffix("_exps"), let matrix = matrix(String(parts[2].dropLast(5))),
            let site = family.experts?.site,
            source.shape.count == 3, parameter == "weight"
        {
            guard source.shape[0] == experts else {
                throw GGUFHeader.damage(
                    metadata.path, "\(name.shown) is \(source.shape), and there are \(experts) experts")
            }
            let size = source.shape[1] * source.shape[2]
            return (0..<source.shape[0]).map { expert in
                let piece = JoinedSource.Piece(source: source, elements: expert * size..<(expert + 1) * size)
                return (
                    "\(prefix)\(site).\(expert).\(matrix).\(parameter)",
                    JoinedSource([piece], shape: Array(source.shape.dropFirst()))
                )
            }
        }
        guard let module = family.modules[parts[2]] else { throw unknown(name) }
        var own = source
        if family.hasPairedRows, ["attn_q", "attn_k"].contains(parts[2]) {
            own = try headRows(source, parts[2] == "attn_q" ? metadata.headCount : metadata.keyHeadCount, name)
        }
        if parts[2] == "ffn_gate_inp_shexp", source.shape.count == 1 {
            // One row, which llama.cpp keeps as a vector.
            own = JoinedSource([source.whole], shape: [1] + source.shape)
        }
        let target = "\(prefix)\(module).\(parameter)"
        return [(target, normal(target, own))]
    }

    /// What a matrix of experts is called.
    private func matrix(_ word: String) -> String? {
        switch word {
        case "ffn_gate": family.experts?.gate
        case "ffn_up": family.experts?.up
        case "ffn_down": family.experts?.down
        default: nil
        }
    }

    private func normal(_ name: String, _ source: any TensorSource) -> any TensorSource {
        family.hasShiftedNorms && name.hasSuffix("norm.weight") ? ShiftedSource(source: source, shift: -1) : source
    }

    private func headRows(_ source: any TensorSource, _ heads: Int, _ name: String) throws -> any TensorSource {
        let rows = source.shape[0]
        guard rows % heads == 0, rows / heads % 2 == 0 else {
            throw GGUFHeader.damage(
                metadata.path, "\(name.shown) is \(source.shape), whose rows \(heads) heads cannot share in pairs")
        }
        return HeadRowsSource(source: source, headSize: rows / heads)
    }

    /// Embedding, last norm, and in every block what the first one has.
    private func requireWhole() throws {
        let names = Set(tensors.map(\.name))
        for (own, name) in GGUFFamily.outer where own != "output.weight" && !names.contains(name) {
            throw missing(own)
        }
        let first = "model.layers.0."
        let modules = names.filter { $0.hasPrefix(first) }.map { String($0.dropFirst(first.count)) }.sorted()
        guard !modules.isEmpty, blocks > 0 else { throw missing("blk.0") }
        for block in 1..<max(1, blocks) {
            for module in modules where !names.contains("model.layers.\(block).\(module)") {
                throw missing("what \(first + module) is in block \(block)")
            }
        }
        guard names.count == tensors.count else {
            throw GGUFHeader.damage(metadata.path, "it has experts in a stack and one by one")
        }
    }

    private func missing(_ what: String) -> DPPAError {
        DPPAError(
            .data, "\(metadata.path) lacks \(what)",
            notes: ["the file is not whole, or of another form than llama.cpp writes; take another one"])
    }

    private func unknown(_ name: String) -> DPPAError {
        DPPAError(
            .data,
            "\(metadata.path): \(name.shown) is no tensor of the architecture '\(metadata.architecture.shown)' that is known "
                + "here",
            notes: [
                "a model without it would be another one: merge the safetensors model that it was made from"
            ])
    }
}
