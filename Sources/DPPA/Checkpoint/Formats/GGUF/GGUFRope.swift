import DPPAKernels
import DPPASupport
import Foundation

/// How a GGUF model places positions: what its metadata says, and what stands in tensors of factors, as config.json has it.
struct GGUFRope {
    private let metadata: GGUFMetadata
    /// The factors that each frequency is divided by, of LLaMA 3 and, in two lengths, of Phi 3.
    private let factors: [Double]
    private let long, short: [Double]
    /// What could not be said in config.json, in words.
    private(set) var notice: String?
    private var llama3: Llama3?

    private static let limit = 4096

    /// Reads the factors, some hundred numbers.
    init(_ metadata: GGUFMetadata, _ source: (String) -> (any TensorSource)?) throws {
        self.metadata = metadata
        func numbers(_ name: String) throws -> [Double] {
            guard let tensor = source(name) else { return [] }
            guard tensor.shape.reduce(1, *) <= Self.limit else {
                throw GGUFHeader.damage(metadata.path, "\(name) is \(tensor.shape)")
            }
            let numbers = try tensor.floats().array().map(Double.init)
            guard numbers.allSatisfy(\.isFinite) else {
                throw GGUFHeader.damage(metadata.path, "\(name) has numbers that are not finite")
            }
            return numbers
        }
        (factors, long, short) = (
            try numbers("rope_freqs.weight"), try numbers("rope_factors_long.weight"),
            try numbers("rope_factors_short.weight")
        )
        guard long.count == short.count else {
            throw GGUFHeader.damage(
                metadata.path, "it has \(long.count) factors of long texts and \(short.count) of short ones")
        }
        guard factors.contains(where: { $0 != 1 }) else { return }
        llama3 = Llama3(
            factors, base: try metadata.number("rope.freq_base") ?? 10000,
            length: try metadata.integer(ifThere: "rope.scaling.original_context_length") ?? 8192)
        if llama3 == nil {
            notice =
                "\(metadata.path): the factors of rope_freqs.weight are none that LLaMA 3 has: config.json says nothing of "
                + "them, and a model that is written with it places tokens otherwise"
        }
    }

    /// Adds what config.json says of positions.
    func add(to config: inout GGUFConfig, headSize: Int) throws {
        config.set("rope_theta", try metadata.number("rope.freq_base") ?? 10000)
        let rotated = try metadata.integer(ifThere: "rope.dimension_count") ?? headSize
        if metadata.architecture == "phi3" {
            if rotated != headSize { config.set("partial_rotary_factor", Double(rotated) / Double(max(1, headSize))) }
        } else if rotated != headSize {
            throw DPPAError(
                .data,
                "\(metadata.path) rotates \(rotated) of \(headSize) elements of a head, which config.json cannot say",
                notes: ["merge the safetensors model that it was made from"])
        }
        if let scaling = try scaling(&config) { config.set("rope_scaling", json: scaling) }
    }

    private func scaling(_ config: inout GGUFConfig) throws -> String? {
        if let llama3 { return llama3.json }
        let length = try metadata.integer(ifThere: "rope.scaling.original_context_length")
        if !long.isEmpty {
            config.set(
                "original_max_position_embeddings", try length ?? metadata.integer("context_length"))
            return "{\"type\": \"longrope\", \"long_factor\": \(long), \"short_factor\": \(short)}"
        }
        let factor = try metadata.number("rope.scaling.factor") ?? metadata.number("rope.scale_linear")
        let type = try metadata.text("rope.scaling.type") ?? (factor == nil ? "none" : "linear")
        switch type {
        case "none": return nil
        case "linear":
            guard let factor, factor != 1 else { return nil }
            return "{\"rope_type\": \"linear\", \"factor\": \(factor)}"
        case "yarn":
            guard let factor else { break }
            var parts = ["\"rope_type\": \"yarn\"", "\"factor\": \(factor)"]
            if let length { parts.append("\"original_max_position_embeddings\": \(length)") }
            for name in ["beta_fast", "beta_slow"] {
                if let value = try metadata.number("rope.scaling.yarn_\(name)") {
                    parts.append("\"\(name)\": \(value)")
                }
            }
            return "{\(parts.joined(separator: ", "))}"
        default: break
        }
        throw DPPAError(
            .data, "\(metadata.path) stretches positions as '\(type.shown)', which is not read",
            notes: ["put the config.json of the model that it was made from beside it, in a folder of their own"])
    }
}

/// The scaling of LLaMA 3.1 and later, found again in the factors that llama.cpp computes of it.
///
/// With wave length w = 2π·base^(2i/d), length n, low 1, high 4: a factor is 1 where w < n/4, f where w > n, and between them
/// 1 / ((1 − s)/f + s), s = (n/w − 1)/3.
struct Llama3 {
    private let factor: Double
    private let length: Int

    /// Nil where the factors are others.
    init?(_ factors: [Double], base: Double, length: Int) {
        guard let largest = factors.max(), largest > 1, base > 0 else { return nil }
        let count = Double(factors.count)
        for (index, found) in factors.enumerated() {
            let wave = 2 * Double.pi * pow(base, Double(index) / count)
            let smooth = (Double(length) / wave - 1) / 3
            let expected = smooth > 1 ? 1 : smooth < 0 ? largest : 1 / ((1 - smooth) / largest + smooth)
            guard abs(found / expected - 1) < 1e-3 else { return nil }
        }
        (factor, self.length) = (largest, length)
    }

    var json: String {
        "{\"rope_type\": \"llama3\", \"factor\": \(factor), \"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0, "
            + "\"original_max_position_embeddings\": \(length)}"
    }
}
