/// How far back each layer's attention reaches, by `sliding_window` and `layer_types`.
struct Windows {
    private let window: Int?
    private let slides: [Bool]

    /// Reads the keys; `absent` is the window where config.json does not mention one, `rule` says which layers slide where
    /// it has no `layer_types`.
    init(_ config: ConfigReader, layers: Int, absent: Int?, rule: (Int) -> Bool) throws {
        window = try config.optionalCount("sliding_window", absent: absent)
        let types = try config.layerTypes(
            "layer_types", layers: layers, among: ["full_attention", "sliding_attention"])
        slides = types.map { $0.map { $0 == "sliding_attention" } } ?? (0..<layers).map(rule)
        if window == nil, types?.contains("sliding_attention") == true {
            throw config.unsupported("layer_types", "full_attention alone without a sliding_window")
        }
    }

    /// The window of a family whose layers are all alike; `absent` is the one where config.json does not mention one.
    ///
    /// `layer_types` may say as much and no more: some readers pass over it in these families, others follow it.
    static func ofAll(_ config: ConfigReader, layers: Int, absent: Int? = nil) throws -> Int? {
        let window = try config.optionalCount("sliding_window", absent: absent)
        _ = try config.layerTypes(
            "layer_types", layers: layers, among: [window == nil ? "full_attention" : "sliding_attention"])
        return window
    }

    /// The window of a layer, the position itself included; nil if it reaches all the way.
    subscript(layer: Int) -> Int? { slides[layer] ? window : nil }

    /// Whether a layer's attention slides.
    func slides(_ layer: Int) -> Bool { slides[layer] }
}
