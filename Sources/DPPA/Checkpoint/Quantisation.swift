import DPPAKernels
import DPPASupport

/// What tells that a checkpoint holds codes or scaled numbers where a reader expects weights: averaging them gives nonsense.
struct Quantisation {
    /// The scheme, as its tools call it.
    let scheme: String
    /// The tensor that holds codes; nil where only config.json says so.
    let tensor: String?
    /// What tells it, as a sentence.
    let sign: String

    /// Looks for a scheme in the text of config.json and among the tensors; nil for plain numbers.
    init?(config: String?, tensors: [(name: String, dtype: DType)]) {
        let declared = config.flatMap(Self.declared)
        let siblings = Siblings(tensors)
        if let found = siblings.first {
            tensor = found.weight
            scheme = found.scheme
            sign = found.sibling == found.weight ? "by its name" : "\(found.sibling.shown) stands beside it"
        } else if let declared {
            tensor = tensors.first { $0.dtype.isFloat && $0.dtype.byteSize == 1 }?.name
            scheme = declared.scheme
            sign = "config.json has a \(declared.key)"
        } else {
            return nil
        }
    }

    /// The error for a model that is quantised.
    func refusal(_ path: String, _ dtype: (String) -> DType?) -> DPPAError {
        var notes = ["merge the 16-bit model that it was made from, or convert this one to bf16 first"]
        let what: String
        if let tensor {
            what = "\(path): \(tensor.shown) (\(dtype(tensor)?.rawValue ?? "?")) is quantised (\(scheme)): \(sign)"
        } else {
            what = "\(path) is quantised (\(scheme)): \(sign)"
            notes.append("if its weights are plain 16-bit numbers again, take that entry out of config.json")
        }
        return DPPAError(.data, what, notes: notes)
    }

    /// What config.json declares, at its top or in the part of a language model.
    private static func declared(_ text: String) -> (scheme: String, key: String)? {
        let keys = ["quantization_config", "compression_config", "quantization"]
        guard keys.contains(where: text.contains), let top = ConfigText.object(text) else { return nil }
        for object in [top] + top.values.compactMap(\.object) {
            for key in keys {
                // Null, or empty, is none.
                guard let entry = object[key]?.object, !entry.isEmpty else { continue }
                // Other programs have a `quantization` of their own; MLX writes the bits.
                if key == "quantization", entry["bits"] == nil { continue }
                return (scheme(entry, key), key)
            }
        }
        return nil
    }

    private static func scheme(_ entry: JSONObject, _ key: String) -> String {
        let method = entry["quant_method"]?.string
        if method == "bitsandbytes" || entry["load_in_4bit"] != nil || entry["load_in_8bit"] != nil {
            guard entry["load_in_4bit"]?.bool == true else { return "bitsandbytes 8-bit" }
            return "bitsandbytes " + (entry["bnb_4bit_quant_type"]?.string ?? "4-bit").uppercased().shown
        }
        let names = ["gptq": "GPTQ", "awq": "AWQ", "hqq": "HQQ", "fp8": "scaled 8-bit, FP8", "mxfp4": "MXFP4"]
        let name = method.map { names[$0] ?? $0.shown } ?? (key == "quantization" ? "MLX" : "unnamed")
        let bits = (entry["bits"] ?? entry["w_bit"])?.int
        return name + (bits.map { ", \($0) bits" } ?? "")
    }
}

/// The tensors that stand beside quantised weights, by the names that each tool gives them.
private struct Siblings {
    struct Found {
        var weight: String
        var sibling: String
        var scheme: String
    }

    /// The find that comes first in the order of the weights' names.
    private(set) var first: Found?
    private let dtypes: [String: DType]

    init(_ tensors: [(name: String, dtype: DType)]) {
        // Thousands of names end in a few words.
        var known: [Substring: Bool] = [:]
        let suspects = tensors.filter { tensor in
            let last = Self.last(tensor.name)
            if let isSuspect = known[last] { return isSuspect }
            known[last] = Self.isSuspect(last)
            return Self.isSuspect(last)
        }
        guard !suspects.isEmpty else {
            dtypes = [:]
            return
        }
        dtypes = Dictionary(tensors, uniquingKeysWith: { first, _ in first })
        for tensor in suspects {
            guard let found = find(tensor.name), first.map({ found.weight < $0.weight }) ?? true else { continue }
            first = found
        }
    }

    /// Whether a name whose last part is this can be that of a scale, of codes, or of what belongs to them.
    private static func isSuspect(_ last: Substring) -> Bool { endings.contains { last.hasSuffix($0) } }

    private static func last(_ name: String) -> Substring {
        name.utf8.lastIndex(of: UInt8(ascii: ".")).map { name[name.utf8.index(after: $0)...] } ?? name[...]
    }

    private static let endings = [
        "absmax", "SCB", "qweight", "W_q", "weight_packed", "codes", "indices", "_data", "_qdata", "blocks", "scale",
        "scales", "scale_inv", "scale_weight",
    ]

    private func find(_ name: String) -> Found? {
        let dot = name.utf8.lastIndex(of: UInt8(ascii: "."))
        let stem = dot.map { String(name[..<$0]) } ?? ""
        let last = dot.map { String(name[name.utf8.index(after: $0)...]) } ?? name
        func has(_ other: String) -> Bool { dtypes[other] != nil }
        func found(_ weight: String, _ scheme: String) -> Found? {
            has(weight) ? Found(weight: weight, sibling: name, scheme: scheme) : nil
        }
        func codes(_ sibling: String, _ scheme: String) -> Found? {
            has("\(stem).\(sibling)") ? Found(weight: name, sibling: "\(stem).\(sibling)", scheme: scheme) : nil
        }
        switch last {
        case "absmax":
            let isFP4 = has(stem + ".quant_state.bitsandbytes__fp4")
            return found(stem, "bitsandbytes \(isFP4 ? "FP4" : "NF4")")
        case "SCB": return found(stem + ".weight", "bitsandbytes 8-bit")
        case "qweight":
            guard has(stem + ".qzeros") || has(stem + ".scales") else { return nil }
            let sibling = has(stem + ".qzeros") ? stem + ".qzeros" : stem + ".scales"
            return Found(weight: name, sibling: sibling, scheme: has(stem + ".g_idx") ? "GPTQ" : "AWQ or GPTQ")
        case "W_q":
            guard let sibling = [".scale", ".zero", ".meta"].map({ stem + $0 }).first(where: has) else { return nil }
            return Found(weight: name, sibling: sibling, scheme: "HQQ")
        case "weight_packed": return codes("weight_scale", "compressed-tensors, packed")
        case "codes": return codes("codebooks", "AQLM")
        case "indices": return codes("centroids", "VPTQ")
        case "_data": return codes("_scale", "quanto")
        case "_weight_qdata": return codes("_weight_scale", "torchao")
        case "scales": return dtypes[stem + ".weight"] == .u32 ? found(stem + ".weight", "MLX") : nil
        case "scale", "scale_inv", "input_scale", "weight_scales", "scale_weight":
            // A gain is called like this too; only codes need a scale.
            return isCode(stem + ".weight") ? found(stem + ".weight", scaled(stem + ".weight")) : nil
        default: return scale(of: name, found)
        }
    }

    /// A scale is called after its weight: `x.weight_scale`, `experts.down_proj_scale_inv`, `…_blocks` and `…_scales`.
    private func scale(of name: String, _ found: (String, String) -> Found?) -> Found? {
        if name.hasSuffix("_blocks"), dtypes[name.dropLast(7) + "_scales"] != nil { return found(name, "MXFP4") }
        for ending in ["_scale", "_scale_inv"] where name.hasSuffix(ending) {
            let weight = String(name.dropLast(ending.count))
            guard weight.hasSuffix(".weight") || isCode(weight) && weight.contains(".") else { continue }
            return found(weight, scaled(weight))
        }
        return nil
    }

    private func isCode(_ name: String) -> Bool { dtypes[name].map { $0.byteSize == 1 && $0 != .bool } ?? false }

    private func scaled(_ weight: String) -> String {
        switch dtypes[weight] {
        case .u8: dtypes[weight + "_scale_2"] != nil ? "packed 4-bit, NVFP4" : "packed 4-bit"
        case .i8: "scaled 8-bit integers"
        case .f8E4M3, .f8E5M2: "scaled 8-bit, FP8"
        default: "scaled"
        }
    }
}
