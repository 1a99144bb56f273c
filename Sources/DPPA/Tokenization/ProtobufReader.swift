import DPPASupport

/// The fields of a message in the wire format of protocol buffers, one after the other.
///
/// Source: protobuf.dev, "Encoding". Groups, which are no longer written, are refused.
struct ProtobufReader {
    /// A field's value; what a number means its message says.
    enum Value {
        case number(UInt64)
        case bits32(UInt32)
        case bytes(Range<Int>)
    }

    private let bytes: [UInt8]
    private let path: String
    private var place: Int
    private let end: Int

    /// The whole of some bytes, or a message inside them.
    init(_ bytes: [UInt8], _ range: Range<Int>? = nil, path: String) {
        (self.bytes, self.path) = (bytes, path)
        (place, end) = (range?.lowerBound ?? 0, range?.upperBound ?? bytes.count)
    }

    private var damage: DPPAError {
        DPPAError(
            .data, "\(path) is damaged at byte \(place): it is no SentencePiece model",
            notes: ["copy or download it again"])
    }

    /// The next field with its number; nil at the end.
    ///
    /// Throws `data` when it is damaged.
    mutating func next() throws -> (field: Int, value: Value)? {
        guard place < end else { return nil }
        let tag = try number()
        let field = Int(tag >> 3)
        switch tag & 7 {
        case 0: return (field, .number(try number()))
        case 1:
            _ = try take(8)
            return (field, .number(0))
        case 2:
            guard let count = Int(exactly: try number()) else { throw damage }
            return (field, .bytes(try take(count)))
        case 5:
            let range = try take(4)
            return (field, .bits32(range.reversed().reduce(0) { $0 << 8 | UInt32(bytes[$1]) }))
        default: throw damage
        }
    }

    private mutating func take(_ count: Int) throws -> Range<Int> {
        guard count >= 0, count <= end - place else { throw damage }
        defer { place += count }
        return place..<place + count
    }

    private mutating func number() throws -> UInt64 {
        var (result, shift): (UInt64, UInt64) = (0, 0)
        while place < end, shift < 64 {
            let byte = bytes[place]
            place += 1
            result |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return result }
            shift += 7
        }
        throw damage
    }
}
