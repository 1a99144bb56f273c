/// How people and configuration files spell dtypes.
extension DType {
    /// The dtype behind a spelling such as `bf16`, `bfloat16`, `torch.float16` or `F32`; case does not matter.
    public init?(userSpelling text: String) {
        var word = text.lowercased()
        if word.hasPrefix("torch.") { word.removeFirst(6) }
        switch word {
        case "f64", "float64", "double", "fp64": self = .f64
        case "f32", "float32", "float", "fp32": self = .f32
        case "f16", "float16", "half", "fp16": self = .f16
        case "bf16", "bfloat16": self = .bf16
        case "f8_e4m3", "float8_e4m3fn", "f8_e4m3fn": self = .f8E4M3
        case "f8_e5m2", "float8_e5m2": self = .f8E5M2
        default: return nil
        }
    }

    /// The spellings that messages offer.
    public static let userSpellings = ["f64", "f32", "f16", "bf16", "f8_e4m3", "f8_e5m2"]

    /// The spelling of config.json.
    public var configName: String {
        switch self {
        case .f64: "float64"
        case .f32: "float32"
        case .f16: "float16"
        case .bf16: "bfloat16"
        case .f8E4M3: "float8_e4m3fn"
        case .f8E5M2: "float8_e5m2"
        default: rawValue.lowercased()
        }
    }
}
