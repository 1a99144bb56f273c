/// The element type of a stored tensor.
///
/// The raw value is the spelling of the safetensors header. Only the floating-point types take part in arithmetic;
/// the others are copied, among them E8M0, powers of two that scale other tensors.
public enum DType: String, Sendable, CaseIterable, BitwiseCopyable {
    case f64 = "F64"
    case f32 = "F32"
    case f16 = "F16"
    case bf16 = "BF16"
    case f8E4M3 = "F8_E4M3"
    case f8E5M2 = "F8_E5M2"
    case f8E8M0 = "F8_E8M0"
    case i64 = "I64"
    case i32 = "I32"
    case i16 = "I16"
    case i8 = "I8"
    case u64 = "U64"
    case u32 = "U32"
    case u16 = "U16"
    case u8 = "U8"
    case bool = "BOOL"

    /// Types of the format that are not read, with what their elements are.
    package static let unread = [
        "F4": "4-bit floating-point numbers", "F6_E2M3": "6-bit floating-point numbers",
        "F6_E3M2": "6-bit floating-point numbers", "F8_E4M3FNUZ": "8-bit floating-point numbers without negative zero",
        "F8_E5M2FNUZ": "8-bit floating-point numbers without negative zero", "C64": "complex numbers",
    ]

    /// Bytes of one element.
    public var byteSize: Int {
        switch self {
        case .f64, .i64, .u64: 8
        case .f32, .i32, .u32: 4
        case .f16, .bf16, .i16, .u16: 2
        case .f8E4M3, .f8E5M2, .f8E8M0, .i8, .u8, .bool: 1
        }
    }

    /// Whether the elements are floating-point numbers, which recipes compute with.
    public var isFloat: Bool {
        switch self {
        case .f64, .f32, .f16, .bf16, .f8E4M3, .f8E5M2: true
        default: false
        }
    }
}
