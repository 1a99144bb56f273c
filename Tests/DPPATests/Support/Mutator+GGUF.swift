extension Mutator {
    /// A GGUF file changed in its header: a number in place, or a piece of any length; the data stay where they are, or move.
    mutating func mutatedGGUF(_ bytes: [UInt8], _ other: [UInt8]) -> [UInt8] {
        guard number(4) > 0, bytes.count > 64 else { return mutated(bytes, other) }
        var bytes = bytes
        let end = min(bytes.count, 3500)
        for _ in 0...number(3) {
            let place = 4 + number(end - 16)
            switch number(5) {
            case 0: bytes[place] ^= 1 << UInt8(number(8))
            case 1: bytes[place] = UInt8(number(256))
            case 2:
                // A length, a count, a size or a place of eight bytes.
                let values: [UInt64] = [0, 1, .max, 1 << 63, 1 << 62, 1 << 40, 1 << 32, UInt64(bytes.count), 33]
                bytes.replaceSubrange(place..<place + 8, with: little(values[number(values.count)]))
            case 3: bytes.replaceSubrange(place..<place + 4, with: little(UInt32(number(44))))
            default:
                // Without a change of length, so that what follows is still read.
                let count = 1 + number(8)
                let from = number(end - 16)
                bytes.replaceSubrange(place..<place + count, with: bytes[from..<from + count])
            }
        }
        return bytes
    }
}
