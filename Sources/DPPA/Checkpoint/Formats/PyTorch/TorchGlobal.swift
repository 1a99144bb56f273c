import DPPAKernels

/// The functions and types that a pickle may name: what tensors in dicts are made of, and no others.
enum TorchGlobal {
    /// A tensor on a storage of its type: storage, offset, size, stride, requires_grad, hooks.
    case rebuildTensor
    /// The same on a storage of bytes, with its type behind that.
    case rebuildTypedTensor
    /// A tensor that is trained: the tensor, requires_grad, hooks.
    case rebuildParameter
    case orderedDict
    case size
    /// A storage of elements of one type, or of bytes.
    case storage(DType?)
    case dtype(DType)

    init?(module: String, name: String) {
        switch (module, name) {
        case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_tensor_v3"): self = .rebuildTypedTensor
        case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
        case ("collections", "OrderedDict"): self = .orderedDict
        case ("torch", "Size"): self = .size
        case ("torch.storage", "UntypedStorage"), ("torch", "UntypedStorage"): self = .storage(nil)
        case ("torch", _):
            if let type = Self.storages[name] {
                self = .storage(type)
            } else if let type = Self.dtypes[name] {
                self = .dtype(type)
            } else {
                return nil
            }
        default: return nil
        }
    }

    private static let storages: [String: DType] = [
        "DoubleStorage": .f64, "FloatStorage": .f32, "HalfStorage": .f16, "BFloat16Storage": .bf16, "LongStorage": .i64,
        "IntStorage": .i32, "ShortStorage": .i16, "CharStorage": .i8, "ByteStorage": .u8, "BoolStorage": .bool,
    ]
    private static let dtypes: [String: DType] = [
        "float64": .f64, "float32": .f32, "float16": .f16, "bfloat16": .bf16, "float8_e4m3fn": .f8E4M3,
        "float8_e5m2": .f8E5M2, "float8_e8m0fnu": .f8E8M0, "int64": .i64, "int32": .i32, "int16": .i16, "int8": .i8,
        "uint64": .u64, "uint32": .u32, "uint16": .u16, "uint8": .u8, "bool": .bool,
    ]

    /// What it is in words.
    var description: String {
        switch self {
        case .rebuildTensor, .rebuildTypedTensor, .rebuildParameter: "a function that makes a tensor"
        case .orderedDict: "the type OrderedDict"
        case .size: "the type torch.Size"
        case .storage: "a type of storages"
        case .dtype(let type): "the type \(type.rawValue)"
        }
    }
}
