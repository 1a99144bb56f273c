import DPPASupport
import Foundation

/// Rotary position embedding: pairs (x_i, x_{i + h/2}) of a head are turned by position · inverse frequency i.
///
/// Inverse frequencies are θ^(-2i/h), divided by the factor of `linear` scaling, or stretched by wavelength as LLaMA 3 does
/// (`llama3`). All of it in float32, as the reference implementation has it.
struct RotaryEmbedding: Sendable {
    /// One for each pair.
    let inverseFrequencies: [Float]

    /// Reads `rope_theta` and `rope_scaling`, or their newer spelling `rope_parameters`.
    init(_ config: ConfigReader, headWidth: Int) throws {
        let scaling = try config.object("rope_parameters") ?? config.object("rope_scaling")
        for reader in [scaling, config] { _ = try reader?.positive("rope_theta") }
        let theta = try scaling?.number("rope_theta") ?? config.number("rope_theta") ?? 10_000
        let exponents = (0..<headWidth / 2).map { Float(2 * $0) / Float(headWidth) }
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
        case "llama3":
            let factor = try scaling.positive("factor") ?? 8
            let low = try scaling.positive("low_freq_factor") ?? 1
            let high = try scaling.positive("high_freq_factor") ?? 4
            guard low < high else {
                throw scaling.unsupported("high_freq_factor", "a number above low_freq_factor (\(low))")
            }
            let original = Float(try scaling.count("original_max_position_embeddings"))
            inverseFrequencies = plain.map { frequency in
                let wavelength = 2 * Float.pi / frequency
                if wavelength < original / high { return frequency }
                if wavelength > original / low { return frequency / factor }
                let smooth = (original / wavelength - low) / (high - low)
                return (1 - smooth) * frequency / factor + smooth * frequency
            }
        default:
            throw scaling.unsupported(
                scaling.values["rope_type"] != nil ? "rope_type" : "type", "default, linear and llama3 rope scaling")
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
