import DPPAKernels
import DPPASupport

/// A checkpoint whose weights are 8-bit floating-point codes with scales beside them, read as the numbers that they stand for.
///
/// `weight_scale` of compressed-tensors, FBGEMM and ModelOpt, one for a tensor, a row or a block, and `weight_scale_inv` of
/// DeepSeek V3 and Qwen 3, one for a block: whatever the name says, weight = code · scale.
struct ScaledWeights {
    /// The weights, without their scales.
    private(set) var tensors: [FileTensor]
    /// The text of config.json without what tells of the codes.
    let config: String?
    private(set) var notices: [String] = []

    private static let endings = ["_scale", "_scale_inv"]
    /// Scales of activations and of the cache, which belong to a program that computes in 8 bits.
    private static let activationScales = ["input_scale", "output_scale", "k_scale", "v_scale", "q_scale"]
    /// The ways of quantisation that are these.
    private static let methods = ["fp8", "compressed-tensors", "fbgemm_fp8", "modelopt"]
    private static let key = "quantization_config"

    /// Nil where no code has a scale beside it, or config.json says that they are something else.
    ///
    /// Throws `data` when a code lacks its scale, or the shapes of both do not fit.
    init?(_ stored: [FileTensor], config text: String?, path: String) throws {
        guard stored.contains(where: Self.isCode) else { return nil }
        let named = Dictionary(stored.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var scales: [String: FileTensor] = [:]
        for tensor in stored where Self.isCode(tensor) {
            for ending in Self.endings {
                if let scale = named[tensor.name + ending] { scales[tensor.name] = scale }
            }
        }
        guard !scales.isEmpty else { return nil }
        let object = text.flatMap(ConfigText.object)
        let entry = Self.entry(object)
        if let entry, !Self.methods.contains(entry["quant_method"]?.string ?? "fp8") { return nil }
        // Weights that were turned into another basis, or are kept by their nonzeros.
        for key in ["transform_config", "sparsity_config"] {
            if let inner = entry?[key]?.object, !inner.isEmpty, inner["format"]?.string != "dense" { return nil }
        }
        let block = try Self.block(entry, path)
        let used = Set(scales.values.map(\.name))
        let beside = Set(scales.keys.map(Self.module))
        tensors = []
        var left: [String] = []
        for tensor in stored where !used.contains(tensor.name) {
            guard Self.isCode(tensor) else {
                if Self.isActivationScale(tensor, beside) { left.append(tensor.name) } else { tensors.append(tensor) }
                continue
            }
            guard let scale = scales[tensor.name] else {
                throw DPPAError(
                    .data,
                    "\(path): \(tensor.name.shown) (\(tensor.dtype.rawValue)) has no scale beside it, and other weights do",
                    notes: ["the model is not whole: copy or download it again"])
            }
            guard scale.dtype.isFloat || scale.dtype == .f8E8M0,
                let source = ScaledSource(codes: tensor.source, scales: scale.source, block: block)
            else {
                throw DPPAError(
                    .data,
                    "\(path): \(scale.name.shown) is \(scale.dtype.rawValue) \(scale.source.shape), and \(tensor.name.shown) "
                        + "\(tensor.source.shape); scales are expected for the tensor, its rows, or blocks of \(block)",
                    notes: [
                        "the model is damaged or of a form that is not read: merge the 16-bit model that it was made from"
                    ])
            }
            var own = tensor
            own.source = source
            tensors.append(own)
        }
        if let example = left.first {
            notices.append(
                "\(path): \(Phrase.counted(left.count, "scale")) of activations, such as \(example.shown), "
                    + "\(left.count == 1 ? "is" : "are") left aside: weights do not depend on them")
        }
        config = try text.map(Self.plain)
    }

    private static func isCode(_ tensor: FileTensor) -> Bool { [.f8E4M3, .f8E5M2].contains(tensor.dtype) }

    private static func module(_ name: String) -> String {
        name.split(separator: ".", omittingEmptySubsequences: false).dropLast().joined(separator: ".")
    }

    /// Whether a tensor scales what comes into a module of codes, or the keys and values of an attention with such modules.
    private static func isActivationScale(_ tensor: FileTensor, _ beside: Set<String>) -> Bool {
        guard let last = tensor.name.split(separator: ".").last, activationScales.contains(String(last)) else {
            return false
        }
        let own = module(tensor.name)
        return beside.contains(own) || beside.contains { $0.hasPrefix(own + ".") }
    }

    /// What config.json says of the codes, at its top or in the part of a language model.
    private static func entry(_ object: JSONObject?) -> JSONObject? {
        guard let object else { return nil }
        return ([object] + object.values.compactMap(\.object)).lazy.compactMap { $0[key]?.object }.first
    }

    /// The rows and columns of a block.
    private static func block(_ entry: JSONObject?, _ path: String) throws -> [Int] {
        let groups = entry?["config_groups"]?.object?.values.compactMap { $0["weights"]?.object } ?? []
        let written = [entry?["weight_block_size"]] + groups.map { $0["block_structure"] }
        for case let value? in written where !value.isNull {
            let numbers =
                value.array?.compactMap(\.int) ?? value.string?.split(separator: "x").compactMap { Int($0) } ?? []
            guard numbers.count == 2, numbers.allSatisfy({ (1...1 << 30).contains($0) }) else {
                throw DPPAError(
                    .data,
                    "\(path): the size of a block of weights is \(value) in config.json; two numbers are expected")
            }
            return numbers
        }
        if let size = groups.lazy.compactMap({ $0["group_size"]?.int }).first(where: { $0 > 0 }) { return [1, size] }
        return [128, 128]
    }

    /// The text of config.json of the model in plain numbers.
    private static func plain(_ text: String) throws -> String {
        var text = text
        for path in [[key], ["text_config", key], ["language_config", key], ["compression_config"]] {
            text = try ConfigText.removing(text, path)
        }
        return try ConfigText.settingDType(text, to: .bf16)
    }
}
