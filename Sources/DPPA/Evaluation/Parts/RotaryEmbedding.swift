import DPPASupport
import Foundation

/// Rotary position embedding: pairs (x_i, x_{i + h/2}) of a head's first h numbers are turned by position · inverse
/// frequency i.
///
/// Inverse frequencies are θ^(-2i/h), divided by the factor of `linear` scaling, or stretched by wavelength as LLaMA 3 does
/// (`llama3`). All of it in float32, as the reference implementation has it.
struct RotaryEmbedding: Hashable, Sendable {
    /// One for each pair.
    let inverseFrequencies: [Float]

    /// How many numbers of a head are turned, h.
    var width: Int { 2 * inverseFrequencies.count }

    /// The keys of `rope_scaling` and `rope_parameters` that are honoured.
    private static let keys = [
        "rope_type", "type", "rope_theta", "factor", "low_freq_factor", "high_freq_factor",
        "original_max_position_embeddings", "partial_rotary_factor",
    ]

    /// Reads `rope_theta` and `rope_scaling`, or their newer spelling `rope_parameters`.
    ///
    /// `theta` is what config.json leaves out; `isPartial` says whether the family knows `partial_rotary_factor`.
    init(_ config: ConfigReader, headWidth: Int, theta: Double = 10_000, isPartial: Bool = false) throws {
        let newer = try config.object("rope_parameters")
        let older = try config.object("rope_scaling")
        if newer != nil, older != nil { throw config.unsupported("rope_scaling", "null beside rope_parameters") }
        let scaling = newer ?? older
        for reader in [scaling, config] { _ = try reader?.positive("rope_theta") }
        let theta = try scaling?.number("rope_theta") ?? config.number("rope_theta") ?? theta
        var width = headWidth
        if isPartial {
            let top = try config.number("partial_rotary_factor")
            let factor = try scaling?.number("partial_rotary_factor") ?? top ?? 1
            width = Int(Double(headWidth) * max(0, min(1, factor)))
            guard factor <= 1, width >= 2, width % 2 == 0 else {
                throw (scaling?.has("partial_rotary_factor") == true ? scaling ?? config : config).unsupported(
                    "partial_rotary_factor", "a share up to 1 that turns an even part of a head of \(headWidth)")
            }
        }
        try self.init(scaling, theta: theta, width: width)
        try scaling?.requireKeys(Self.keys.filter { isPartial || $0 != "partial_rotary_factor" })
    }

    /// The embedding of some numbers of a head by the parameters of an object of config.json.
    init(_ scaling: ConfigReader?, theta: Double, width: Int) throws {
        let exponents = (0..<width / 2).map { Float(2 * $0) / Float(width) }
        let plain = exponents.map { Float(1) / Float(pow(theta, Double($0))) }
        guard let scaling else {
            inverseFrequencies = plain
            return
        }
        switch try scaling.text("rope_type") ?? scaling.text("type") ?? "default" {
        case "default": inverseFrequencies = plain
        case "linear":
            let factor = try scaling.positive("factor") ?? 1
            inverseFrequencies = plain.map { $0 / factor }
        case "llama3": inverseFrequencies = try Self.stretched(plain, scaling)
        default:
            throw scaling.unsupported(
                scaling.has("rope_type") ? "rope_type" : "type", "default, linear and llama3 rope scaling")
        }
    }

    /// Long wavelengths divided by the factor, short ones as they are, and what lies between in between.
    private static func stretched(_ plain: [Float], _ scaling: ConfigReader) throws -> [Float] {
        let factor = try scaling.positive("factor") ?? 8
        let low = try scaling.positive("low_freq_factor") ?? 1
        let high = try scaling.positive("high_freq_factor") ?? 4
        guard low < high else {
            throw scaling.unsupported("high_freq_factor", "a number above low_freq_factor (\(low))")
        }
        let original = Float(try scaling.count("original_max_position_embeddings"))
        return plain.map { frequency in
            let wavelength = 2 * Float.pi / frequency
            if wavelength < original / high { return frequency }
            if wavelength > original / low { return frequency / factor }
            let smooth = (original / wavelength - low) / (high - low)
            return (1 - smooth) * frequency / factor + smooth * frequency
        }
    }

    /// Cosines, then sines, of all pairs at the positions 0..<count: two rows for each position.
    func table(count: Int) -> Buffer<Float> {
        let pairs = inverseFrequencies.count
        let table = Buffer<Float>(count * 2 * pairs)
        for position in 0..<count {
            for (pair, frequency) in inverseFrequencies.enumerated() {
                let angle = Double(Float(position) * frequency)
                table.pointer[position * 2 * pairs + pair] = Float(cos(angle))
                table.pointer[position * 2 * pairs + pairs + pair] = Float(sin(angle))
            }
        }
        return table
    }
}
