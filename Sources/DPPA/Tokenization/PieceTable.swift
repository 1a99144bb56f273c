/// Texts with a number each, found by their bytes: the pieces of a vocabulary.
///
/// All bytes lie in one buffer, and the table holds places in it, so that a look takes no memory.
struct PieceTable: Sendable {
    private var bytes: [UInt8] = []
    /// Of each piece, where its bytes begin; one more says where the last one ends.
    private var starts: [Int] = [0]
    private var values: [Int32] = []
    /// The number of a piece plus 1, or 0; as many places as a power of two.
    private var slots: [UInt32] = []
    private let seed = UInt64.random(in: 0...UInt64.max)

    var count: Int { values.count }
    /// The length of the longest piece in bytes.
    private(set) var longest = 0

    init(capacity: Int = 0) { slots = [UInt32](repeating: 0, count: Self.room(for: capacity)) }

    private static func room(for count: Int) -> Int {
        var room = 16
        while room < 2 * count { room *= 2 }
        return room
    }

    /// Adds a piece; false when it is there already.
    mutating func add(_ piece: some Collection<UInt8>, _ value: Int32) -> Bool {
        let piece = Array(piece)
        if 2 * (values.count + 1) > slots.count { grow() }
        let slot = piece.withUnsafeBufferPointer { bytes in self.slot(of: bytes) }
        guard slots[slot] == 0 else { return false }
        bytes += piece
        starts.append(bytes.count)
        values.append(value)
        slots[slot] = UInt32(values.count)
        longest = max(longest, piece.count)
        return true
    }

    /// The number of a piece.
    func value(_ piece: UTF8Text.Bytes) -> Int32? {
        guard piece.count <= longest else { return nil }
        let found = slots[slot(of: piece)]
        return found == 0 ? nil : values[Int(found) - 1]
    }

    /// The same for bytes that lie in an array.
    func value(_ piece: [UInt8]) -> Int32? { piece.withUnsafeBufferPointer { value($0) } }

    /// The same for a text.
    func value(_ text: String) -> Int32? {
        var text = text
        return text.withUTF8 { value($0) }
    }

    /// The place of a piece, or the free one where it would be.
    @inline(__always) private func slot(of piece: UTF8Text.Bytes) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash(piece)) & mask
        while true {
            let found = slots[slot]
            if found == 0 { return slot }
            let index = Int(found) - 1
            let (start, end) = (starts[index], starts[index + 1])
            if end - start == piece.count, isEqual(piece, start) { return slot }
            slot = (slot + 1) & mask
        }
    }

    @inline(__always) private func isEqual(_ piece: UTF8Text.Bytes, _ start: Int) -> Bool {
        for index in 0..<piece.count where bytes[start + index] != piece[index] { return false }
        return true
    }

    /// Multiply and fold, eight bytes at a time, with a seed of the running program.
    @inline(__always) private func hash(_ piece: UTF8Text.Bytes) -> UInt64 {
        var state = seed ^ UInt64(piece.count)
        let words = UnsafeRawBufferPointer(piece)
        var index = 0
        func mix(_ word: UInt64) {
            let product = (state ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
            state = product.high ^ product.low
        }
        while index + 8 <= piece.count {
            mix(words.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index += 8
        }
        var rest: UInt64 = 0
        while index < piece.count {
            rest = rest << 8 | UInt64(piece[index])
            index += 1
        }
        mix(rest)
        return state ^ state >> 29
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: max(16, slots.count * 2))
        for index in values.indices {
            let place = bytes.withUnsafeBufferPointer {
                slot(of: UTF8Text.Bytes(rebasing: $0[starts[index]..<starts[index + 1]]))
            }
            slots[place] = UInt32(index + 1)
        }
    }
}
