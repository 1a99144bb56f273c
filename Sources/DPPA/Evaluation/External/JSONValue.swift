import Foundation

/// Any JSON value, with the types of numbers and truth values told apart.
enum JSONValue: Decodable {
    case null
    case bool(Bool)
    /// A number, which may be none: Python writes NaN and Infinity.
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    /// The value that a text is, or nil.
    init?(parsing text: some DataProtocol) {
        let decoder = JSONDecoder()
        let data = Data(text)
        if let value = try? decoder.decode(JSONValue.self, from: data) {
            self = value
            return
        }
        // The wider notation has NaN and Infinity, and more that is not wanted of any other text.
        guard ["NaN", "Infinity"].contains(where: { data.range(of: Data($0.utf8)) != nil }) else { return nil }
        decoder.allowsJSON5 = true
        guard let value = try? decoder.decode(JSONValue.self, from: data) else { return nil }
        self = value
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .list(value)
        } else if let value = try? container.decode([String: JSONValue].self) {
            self = .object(value)
        } else {
            // Only a number is left, one that is too large.
            self = .number(.infinity)
        }
    }

    /// The members of an object.
    var members: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }
    /// The number, finite or not.
    var number: Double? { if case .number(let number) = self { number } else { nil } }
}
