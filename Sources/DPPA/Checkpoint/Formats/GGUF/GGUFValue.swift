import DPPASupport

/// A value of a GGUF file's metadata.
enum GGUFValue: Equatable {
    case integer(Int)
    case number(Double)
    case truth(Bool)
    case text(String)
    case list([GGUFValue])
    /// An array that is too long to be kept: the tokens of a vocabulary.
    case long(count: Int)

    /// The longest array that is kept, and the longest text.
    static let listLimit = 1024
    static let textLimit = 1 << 20

    /// The types of values, by the numbers that stand for them, with the bytes of those that have a fixed size.
    enum Kind: UInt64 {
        case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

        /// The bytes of a value, or the fewest that it can have.
        var byteSize: Int {
            switch self {
            case .uint8, .int8, .bool: 1
            case .uint16, .int16: 2
            case .uint32, .int32, .float32: 4
            case .uint64, .int64, .float64, .string: 8
            case .array: 12
            }
        }
    }

    /// The kind in words, with an article.
    var description: String {
        switch self {
        case .integer(let number): "the number \(number)"
        case .number(let number): "the number \(number)"
        case .truth(let flag): "the truth value \(flag)"
        case .text(let text): "the text '\(text.shown)'"
        case .list(let values): "a list of \(values.count)"
        case .long(let count): "a list of \(count)"
        }
    }

    /// Reads a value of a kind.
    init(_ kind: Kind, _ bytes: inout FileBytes, of key: String) throws {
        switch kind {
        case .uint8: self = .integer(Int(try bytes.number(1)))
        case .int8: self = .integer(Int(Int8(truncatingIfNeeded: try bytes.number(1))))
        case .uint16: self = .integer(Int(try bytes.number(2)))
        case .int16: self = .integer(Int(Int16(truncatingIfNeeded: try bytes.number(2))))
        case .uint32: self = .integer(Int(try bytes.number(4)))
        case .int32: self = .integer(Int(Int32(truncatingIfNeeded: try bytes.number(4))))
        case .uint64:
            let number = try bytes.number(8)
            self = Int(exactly: number).map(GGUFValue.integer) ?? .number(Double(number))
        case .int64: self = .integer(Int(Int64(bitPattern: try bytes.number(8))))
        case .float32:
            let number = Float(bitPattern: UInt32(try bytes.number(4)))
            // The shortest number that means this one: 1e-05, as config.json has it.
            self = .number(Double("\(number)") ?? Double(number))
        case .float64: self = .number(Double(bitPattern: try bytes.number(8)))
        case .bool:
            let byte = try bytes.byte()
            guard byte <= 1 else {
                throw GGUFHeader.damage(bytes.path, "\(key.shown) is the truth value \(byte); 0 or 1 is expected")
            }
            self = .truth(byte == 1)
        case .string: self = .text(try Self.text(&bytes, "the value of \(key.shown)", limit: Self.textLimit))
        case .array: self = try Self.array(&bytes, of: key)
        }
    }

    /// A text with its length before it.
    static func text(_ bytes: inout FileBytes, _ what: @autoclosure () -> String, limit: Int) throws -> String {
        let (start, count) = (bytes.offset, try bytes.number(8))
        guard count <= bytes.left else {
            throw GGUFHeader.damage(
                bytes.path, "\(what()), at byte \(start), is said to have \(count) bytes; \(bytes.left) are left")
        }
        guard count <= limit else {
            throw DPPAError(
                .data, "\(bytes.path): \(what()), at byte \(start), has \(count) bytes; at most \(limit) are read")
        }
        guard let text = String(validating: try bytes.take(Int(count)), as: UTF8.self) else {
            throw GGUFHeader.damage(bytes.path, "\(what()), at byte \(start), is not UTF-8 text")
        }
        return text
    }

    private static func array(_ bytes: inout FileBytes, of key: String) throws -> GGUFValue {
        let (number, count) = (try bytes.number(4), try bytes.number(8))
        guard let kind = Kind(rawValue: number) else {
            throw GGUFHeader.damage(bytes.path, "\(key.shown) is a list of values of the unknown type \(number)")
        }
        guard kind != .array else {
            throw DPPAError(
                .data, "\(bytes.path): \(key.shown) is a list of lists, which are not read",
                notes: ["no program that is known writes such a file; take another one"])
        }
        guard count <= bytes.left / kind.byteSize else {
            throw GGUFHeader.damage(
                bytes.path, "\(key.shown) is said to be a list of \(count); \(bytes.left) bytes are left for it")
        }
        guard count > listLimit else {
            return .list(try (0..<Int(count)).map { _ in try GGUFValue(kind, &bytes, of: key) })
        }
        if kind == .string {
            for _ in 0..<count {
                let size = try bytes.number(8)
                guard size <= bytes.left else {
                    throw GGUFHeader.damage(
                        bytes.path, "a text of \(key.shown) is said to have \(size) bytes; \(bytes.left) are left")
                }
                try bytes.skip(Int(size))
            }
        } else {
            try bytes.skip(Int(count) * kind.byteSize)
        }
        return .long(count: Int(count))
    }
}
