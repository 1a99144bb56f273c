import DPPAKernels

/// How a tensor of a GGUF file is stored.
enum GGUFType: Equatable {
    /// Plain numbers.
    case plain(DType)
    case blocks(BlockCode)

    /// The type that a number stands for; nil for those that are not read.
    init?(_ number: UInt64) {
        switch number {
        case 0: self = .plain(.f32)
        case 1: self = .plain(.f16)
        case 2: self = .blocks(.q40)
        case 3: self = .blocks(.q41)
        case 6: self = .blocks(.q50)
        case 7: self = .blocks(.q51)
        case 8: self = .blocks(.q80)
        case 10: self = .blocks(.q2K)
        case 11: self = .blocks(.q3K)
        case 12: self = .blocks(.q4K)
        case 13: self = .blocks(.q5K)
        case 14: self = .blocks(.q6K)
        case 28: self = .plain(.f64)
        case 30: self = .plain(.bf16)
        default: return nil
        }
    }

    /// The types of the format that are not read.
    static let others: [UInt64: String] = [
        4: "Q4_2", 5: "Q4_3", 9: "Q8_1", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S",
        20: "IQ4_NL",
        21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 29: "IQ1_M",
        31: "Q4_0_4_4", 32: "Q4_0_4_8", 33: "Q4_0_8_8", 34: "TQ1_0", 35: "TQ2_0", 36: "IQ4_NL_4_4", 37: "IQ4_NL_4_8",
        38: "IQ4_NL_8_8", 39: "MXFP4", 40: "NVFP4", 41: "Q1_0",
    ]

    /// The elements that are stored together; a row is a multiple of them.
    var blockElements: Int {
        switch self {
        case .plain: 1
        case .blocks(let code): code.elements
        }
    }

    /// The bytes that these take.
    var blockBytes: Int {
        switch self {
        case .plain(let dtype): dtype.byteSize
        case .blocks(let code): code.byteSize
        }
    }
}
