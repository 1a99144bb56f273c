import Foundation

/// The numbers and truth values of `JSONSerialization`, told apart: it gives both as the same class.
enum JSONNumber {
    /// A number that is not a truth value.
    static func number(_ value: Any) -> NSNumber? {
        guard let number = value as? NSNumber, !isTruthValue(number) else { return nil }
        return number
    }

    /// A whole number.
    static func whole(_ value: Any) -> Int? { number(value) as? Int }

    /// A truth value.
    static func flag(_ value: Any) -> Bool? {
        guard let number = value as? NSNumber, isTruthValue(number) else { return nil }
        return number.boolValue
    }

    private static func isTruthValue(_ number: NSNumber) -> Bool {
        // The types of C that a truth value has on either platform; JSON's own numbers are never that small.
        let type = number.objCType.pointee
        return type == CChar(UInt8(ascii: "c")) || type == CChar(UInt8(ascii: "B"))
    }
}
