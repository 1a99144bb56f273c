/// What a pickle is made of, as far as it is read here: what torch.save needs for tensors in dicts, and nothing that runs.
enum Pickle {
    /// A value; those that hold others, and texts, are places in the machine's memory, so that what holds itself ends nothing.
    enum Value {
        case none
        case truth(Bool)
        case integer(Int)
        case number(Double)
        case text(Int)
        case tuple(Int)
        case list(Int)
        case dictionary(Int)
        case global(TorchGlobal)
        case storage(Int)
        case tensor(Int)

        /// The kind in words, with an article.
        var description: String {
            switch self {
            case .none: "None"
            case .truth: "a truth value"
            case .integer: "a whole number"
            case .number: "a number"
            case .text: "a text"
            case .tuple: "a tuple"
            case .list: "a list"
            case .dictionary: "a dict"
            case .global(let global): global.description
            case .storage: "a storage"
            case .tensor: "a tensor"
            }
        }
    }

    /// The instructions that are carried out.
    enum Opcode: UInt8 {
        case mark = 0x28
        case emptyTuple = 0x29
        case stop = 0x2E
        case float = 0x47
        case int32 = 0x4A
        case int8 = 0x4B
        case int16 = 0x4D
        case none = 0x4E
        case persistent = 0x51
        case reduce = 0x52
        case text = 0x58
        case emptyList = 0x5D
        case append = 0x61
        case build = 0x62
        case global = 0x63
        case appends = 0x65
        case get = 0x68
        case longGet = 0x6A
        case put = 0x71
        case longPut = 0x72
        case setItem = 0x73
        case tuple = 0x74
        case setItems = 0x75
        case emptyDict = 0x7D
        case proto = 0x80
        case tuple1 = 0x85
        case tuple2 = 0x86
        case tuple3 = 0x87
        case newTrue = 0x88
        case newFalse = 0x89
        case long = 0x8A
        case shortText = 0x8C
        case longText = 0x8D
        case stackGlobal = 0x93
        case memoize = 0x94
        case frame = 0x95
    }

    /// The instructions that there are besides, by the names that Python gives them.
    static let refused: [UInt8: String] = [
        0x30: "POP", 0x31: "POP_MARK", 0x32: "DUP", 0x42: "BINBYTES", 0x43: "SHORT_BINBYTES", 0x46: "FLOAT",
        0x49: "INT",
        0x4C: "LONG", 0x50: "PERSID", 0x53: "STRING", 0x54: "BINSTRING", 0x55: "SHORT_BINSTRING", 0x56: "UNICODE",
        0x64: "DICT", 0x67: "GET", 0x69: "INST", 0x6C: "LIST", 0x6F: "OBJ", 0x70: "PUT", 0x81: "NEWOBJ", 0x82: "EXT1",
        0x83: "EXT2", 0x84: "EXT4", 0x8B: "LONG4", 0x8E: "BINBYTES8", 0x8F: "EMPTY_SET", 0x90: "ADDITEMS",
        0x91: "FROZENSET", 0x92: "NEWOBJ_EX", 0x96: "BYTEARRAY8", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
    ]

    /// What helps when a file holds more than tensors in dicts.
    static let conversion =
        "nothing in a file is run here; where you trust it, load it with PyTorch and write its state_dict by "
        + "safetensors.torch.save_file(state_dict, \"model.safetensors\")"
}
