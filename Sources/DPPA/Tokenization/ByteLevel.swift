/// The alphabet of byte-level vocabularies, in which every byte is a printable character.
///
/// Bytes 33–126, 161–172 and 174–255 stand for themselves, the others for U+0100, U+0101, … in order: a space is Ġ.
package enum ByteLevel {
    /// The byte of each character.
    private static let byteOfScalar: [UInt32: UInt8] = {
        var map: [UInt32: UInt8] = [:]
        var next: UInt32 = 256
        for byte in UInt8.min...UInt8.max {
            let isPrintable = (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174
            map[isPrintable ? UInt32(byte) : next] = byte
            if !isPrintable { next += 1 }
        }
        return map
    }()

    /// The bytes that a piece stands for; characters outside the alphabet stand for themselves.
    package static func bytes(_ piece: String) -> [UInt8] {
        piece.unicodeScalars.flatMap { scalar in byteOfScalar[scalar.value].map { [$0] } ?? Array(String(scalar).utf8) }
    }

    /// Whether all characters of a piece are in the alphabet.
    static func spells(_ piece: String) -> Bool { piece.unicodeScalars.allSatisfy { byteOfScalar[$0.value] != nil } }
}
