/// The merges of a vocabulary: which two tokens become which one, and how early.
struct MergeTable: Sendable {
    /// What a pair becomes.
    struct Merge: Sendable {
        /// The lower, the earlier.
        var rank: UInt32
        var token: Int32
    }

    private static let free = UInt64.max
    private var keys: [UInt64]
    private var merges: [Merge]
    private let mask: Int
    private let seed = UInt64.random(in: 0...UInt64.max) | 1

    /// A table for so many merges.
    init(capacity: Int) {
        var room = 16
        while room < 2 * capacity { room *= 2 }
        keys = [UInt64](repeating: Self.free, count: room)
        merges = [Merge](repeating: Merge(rank: 0, token: 0), count: room)
        mask = room - 1
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always) private func slot(_ key: UInt64) -> Int {
        let product = (key ^ seed).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        var slot = Int(truncatingIfNeeded: product.high ^ product.low) & mask
        while keys[slot] != key, keys[slot] != Self.free { slot = (slot + 1) & mask }
        return slot
    }

    /// Adds a merge; a pair that is there already keeps what it has been given last, as in the readers of tokenizer.json.
    mutating func add(_ left: Int32, _ right: Int32, _ merge: Merge) {
        let key = Self.key(left, right)
        let slot = slot(key)
        keys[slot] = key
        merges[slot] = merge
    }

    /// What two neighbours become; nil where they stay two.
    @inline(__always) func merge(_ left: Int32, _ right: Int32) -> Merge? {
        let key = Self.key(left, right)
        let slot = slot(key)
        return keys[slot] == key ? merges[slot] : nil
    }
}
