/// FNV-1a with 128 bits: the same number for the same bytes on every machine, to recognise what was scored before.
package struct Fingerprint {
    package private(set) var value: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d

    package init(value: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d) {
        self.value = value
    }

    package mutating func add(_ byte: UInt8) {
        value = (value ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013b
    }

    package mutating func add(_ number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { add(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    package mutating func add(_ hash: UInt128) {
        add(UInt64(truncatingIfNeeded: hash))
        add(UInt64(truncatingIfNeeded: hash >> 64))
    }

    /// A text with its length, so that two texts in a row cannot be taken for two others.
    package mutating func add(_ text: String) {
        add(UInt64(text.utf8.count))
        for byte in text.utf8 { add(byte) }
    }

    package static func of(_ bytes: [UInt8]) -> UInt128 {
        var fingerprint = Fingerprint()
        for byte in bytes { fingerprint.add(byte) }
        return fingerprint.value
    }
}

extension Fingerprint: CustomStringConvertible {
    /// 32 hexadecimal digits.
    package var description: String { value.hexadecimal }
}

extension UInt128 {
    /// 32 hexadecimal digits.
    package var hexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }
}
