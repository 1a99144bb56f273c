/// A value of a JSON text, with the types of numbers and truth values told apart.
package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// A number without fraction and power that 64 bits hold, exactly.
    case integer(Int)
    /// Any other number; NaN and the infinities only where the reader was told to take them.
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// Reads a whole text.
    ///
    /// Throws `data` with the place when it is not one value; `file` begins the message.
    package init(
        _ text: some Collection<UInt8>, file: String, kind: JSONScanner.Kind = .text, nonFinite: Bool = false
    ) throws {
        self = try JSONScanner.read(text, file: file, kind: kind, nonFinite: nonFinite) { try $0.value() }
    }

    /// The member of an object; nil for every other value.
    package subscript(name: String) -> JSONValue? { object?[name] }

    /// A whole number, however it is spelled: 4, 4.0 and 4e0 are one.
    package var int: Int? {
        switch self {
        case .integer(let number): number
        case .double(let number): Int(exactly: number)
        default: nil
        }
    }

    /// A number; a large integer as the nearest float64.
    package var double: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }

    package var bool: Bool? { if case .bool(let flag) = self { flag } else { nil } }
    package var string: String? { if case .string(let text) = self { text } else { nil } }
    package var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
    package var object: JSONObject? { if case .object(let object) = self { object } else { nil } }
    package var isNull: Bool { if case .null = self { true } else { false } }
}

/// The members of a JSON object in the order of the text, each name once.
///
/// Names are told apart by their bytes: two spellings of one character, which are equal as texts, are two names, as in the
/// vocabularies of tokenizers.
package struct JSONObject: Sendable {
    /// The members in the order of the text.
    package private(set) var members: [(name: String, value: JSONValue)] = []
    private var places: [JSONName: Int] = [:]

    /// An object without members.
    package init() {}

    /// Reads a whole text that is an object, as `JSONValue` does.
    package init(
        _ text: some Collection<UInt8>, file: String, kind: JSONScanner.Kind = .text, nonFinite: Bool = false
    ) throws {
        self = try JSONScanner.read(text, file: file, kind: kind, nonFinite: nonFinite) { scanner in
            guard scanner.isNext("{"), case .object(let object) = try scanner.value() else {
                throw scanner.damage("expected '{', got \(scanner.here)")
            }
            return object
        }
    }

    /// The value of a name.
    package subscript(name: String) -> JSONValue? { places[JSONName(text: name)].map { members[$0].value } }

    package var names: [String] { members.map(\.name) }
    package var values: [JSONValue] { members.map(\.value) }
    package var isEmpty: Bool { members.isEmpty }

    /// An object of some members; of two with one name the later one counts.
    package init(_ members: some Sequence<(name: String, value: JSONValue)>) {
        for (name, value) in members { set(name, value) }
    }

    /// Gives a name its value; a new one comes last.
    package mutating func set(_ name: String, _ value: JSONValue) {
        if let place = places.updateValue(members.count, forKey: JSONName(text: name)) {
            places[JSONName(text: name)] = place
            members[place].value = value
        } else {
            members.append((name, value))
        }
    }

    /// The object with the members of another, which come before its own where both have a name.
    package func merging(_ other: JSONObject) -> JSONObject { JSONObject(members + other.members) }
}

/// A name by its bytes.
struct JSONName: Hashable {
    let text: String

    static func == (a: JSONName, b: JSONName) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
