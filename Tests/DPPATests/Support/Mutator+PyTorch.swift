extension Mutator {
    /// Pieces of pickles: what would run, numbers at the ends of their ranges, instructions that need more than there is.
    private static let pieces: [[UInt8]] = [
        Torch.global("posix", "system"), Torch.global("builtins", "eval"), Torch.rebuild, Torch.hooks,
        Torch.global("torch", "Size"), Torch.global("torch.storage", "UntypedStorage"), Torch.int(-1), Torch.int(.max),
        Torch.int(1 << 40), Torch.int(0), Torch.text("state_dict"), Torch.text("0"), Torch.numbers([1, 1]),
        Torch.tensor([2, 2], [0, 1]), Torch.storage("0", 4), [0x28], [0x74], [0x85], [0x86], [0x87], [0x52], [0x51],
        [0x62],
        [0x73], [0x75], [0x61], [0x65], [0x7D], [0x5D], [0x29], [0x2E], [0x93], [0x94], [0x4E], [0x88], [0x68, 0],
        [0x68, 1],
        [0x71, 0], [0x6A, 255, 255, 255, 255], [0x8A, 255], [0x58, 255, 255, 255, 255], [0x8D] + Torch.little(-1, 8),
        [0x95] + Torch.little(-1, 8), [0x81], [0x30], [0x32],
    ]

    /// A file of torch.save changed anywhere, or in its pickle alone, around which the archive stays whole.
    mutating func mutatedArchive(_ bytes: [UInt8], _ other: [UInt8]) -> [UInt8] {
        guard number(4) > 0, let records = Self.records(bytes) else { return mutated(bytes, other) }
        return Torch.zip(
            records.map { name, data in name.hasSuffix("/data.pkl") ? (name, mutatedPickle(data)) : (name, data) })
    }

    /// One to three changes: of a small number in place, which stands for a size, a place or an instruction, or by a piece.
    private mutating func mutatedPickle(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...number(3) {
            let place = number(bytes.count + 1)
            let end = min(bytes.count, place + number(6))
            switch number(6) {
            case 0: if place < bytes.count { bytes[place] ^= 1 << UInt8(number(8)) }
            case 1: if place < bytes.count { bytes[place] = UInt8(number(256)) }
            case 2:
                let numbers = bytes.indices.dropLast().filter { bytes[$0] == 0x4B }
                if !numbers.isEmpty { bytes[numbers[number(numbers.count)] + 1] = UInt8(number(12)) }
            case 3: bytes.insert(contentsOf: Self.pieces[number(Self.pieces.count)], at: place)
            case 4: bytes.replaceSubrange(place..<end, with: Self.pieces[number(Self.pieces.count)])
            default: bytes.insert(contentsOf: bytes[place..<end], at: number(bytes.count + 1))
            }
        }
        return bytes
    }

    /// The records of an archive whose headers have their sizes, in order; nil for what is none.
    private static func records(_ bytes: [UInt8]) -> [(String, [UInt8])]? {
        func number(_ at: Int, _ count: Int) -> Int {
            bytes[at..<at + count].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        guard bytes.count > 22, number(bytes.count - 22, 4) == 0x0605_4B50 else { return nil }
        var (records, at): ([(String, [UInt8])], Int) = ([], number(bytes.count - 6, 4))
        while number(at, 4) == 0x0201_4B50 {
            let (size, name, header) = (number(at + 24, 4), number(at + 28, 2), number(at + 42, 4))
            let start = header + 30 + number(header + 26, 2) + number(header + 28, 2)
            records.append(
                (String(decoding: bytes[at + 46..<at + 46 + name], as: UTF8.self), Array(bytes[start..<start + size])))
            at += 46 + name + number(at + 30, 2) + number(at + 32, 2)
        }
        return records
    }
}
