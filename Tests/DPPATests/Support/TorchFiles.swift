/// Pickles and zip archives put together by hand, as torch.save writes them and as it never would.
enum Torch {
    /// A text, with its length in four bytes or in as many as are given.
    static func text(_ text: String) -> [UInt8] { [0x58] + little(text.utf8.count, 4) + Array(text.utf8) }

    /// A whole number in eight bytes.
    static func int(_ number: Int) -> [UInt8] { [0x8A, 8] + little(number, 8) }

    static func tuple(_ items: [UInt8]...) -> [UInt8] { [0x28] + items.joined() + [0x74] }

    static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }

    static func call(_ function: [UInt8], _ arguments: [UInt8]...) -> [UInt8] {
        function + [0x28] + arguments.joined() + [0x74, 0x52]
    }

    /// A dict of names and values.
    static func dict(_ entries: [(String, [UInt8])]) -> [UInt8] {
        [0x7D, 0x28] + entries.flatMap { text($0) + $1 } + [0x75]
    }

    static let hooks = call(global("collections", "OrderedDict"))
    static let rebuild = global("torch._utils", "_rebuild_tensor_v2")

    static func storage(_ key: String, _ count: Int, _ type: String = "FloatStorage") -> [UInt8] {
        tuple(text("storage"), global("torch", type), text(key), text("cpu"), int(count)) + [0x51]
    }

    static func numbers(_ numbers: [Int]) -> [UInt8] { [0x28] + numbers.flatMap(int) + [0x74] }

    /// A tensor on the storage "0", which has four elements unless more are said.
    static func tensor(
        _ shape: [Int], _ strides: [Int], at offset: Int = 0, of count: Int = 4, key: String = "0",
        type: String = "FloatStorage"
    ) -> [UInt8] {
        call(rebuild, storage(key, count, type), int(offset), numbers(shape), numbers(strides), [0x89], hooks)
    }

    /// A pickle of protocol 2.
    static func pickle(_ value: [UInt8]) -> [UInt8] { [0x80, 2] + value + [0x2E] }

    /// A file with a pickle of a value and storages.
    static func file(_ value: [UInt8], _ storages: [String: [UInt8]] = ["0": [UInt8](repeating: 0, count: 16)])
        -> [UInt8]
    {
        zip(
            [("a/data.pkl", pickle(value))] + storages.sorted { $0.key < $1.key }.map { ("a/data/" + $0.key, $0.value) }
        )
    }

    static func little(_ number: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    /// The byte at which the pickle of `file` begins.
    static let start = 30 + "a/data.pkl".utf8.count

    /// What is changed of an entry in an archive's directory, or of the record at its end.
    struct Changes {
        var method = 0
        var flags = 0
        var sizeBy = 0
        var headerBy = 0
        var extraInHeader = 0
        var nameInHeader: String?
        /// Numbers in fields of their own, and the record of large archives.
        var isLarge = false
        var largeCountBy = 0
        var directoryBy = 0
        var parts = 0
    }

    /// An archive of records that are stored as they are; the changes are of its last one.
    static func zip(_ records: [(String, [UInt8])], _ changes: Changes = Changes()) -> [UInt8] {
        var (bytes, directory): ([UInt8], [UInt8]) = ([], [])
        for (index, (name, data)) in records.enumerated() {
            let change = index == records.count - 1 ? changes : Changes(isLarge: changes.isLarge)
            let (size, header) = (data.count + change.sizeBy, bytes.count + change.headerBy)
            let inside = Array((change.nameInHeader ?? name).utf8)
            bytes += [0x50, 0x4B, 3, 4, 0, 0] + little(change.flags, 2) + little(change.method, 2)
            bytes +=
                [UInt8](repeating: 0, count: 16) + little(inside.count, 2) + little(change.extraInHeader, 2) + inside
            bytes += data
            let extra = change.isLarge ? [1, 0, 24, 0] + little(size, 8) + little(size, 8) + little(header, 8) : []
            directory += [0x50, 0x4B, 1, 2, 0, 0, 0, 0] + little(change.flags, 2) + little(change.method, 2)
            directory += [UInt8](repeating: 0, count: 8)
            directory += (0..<2).flatMap { _ in little(change.isLarge ? -1 : size, 4) } + little(name.utf8.count, 2)
            directory += little(extra.count, 2) + [UInt8](repeating: 0, count: 10)
            directory += little(change.isLarge ? -1 : header, 4) + Array(name.utf8) + extra
        }
        let start = bytes.count + changes.directoryBy
        bytes += directory
        if changes.isLarge {
            let place = bytes.count
            bytes += [0x50, 0x4B, 6, 6] + little(44, 8) + [UInt8](repeating: 0, count: 12)
            bytes += little(records.count, 8) + little(records.count + changes.largeCountBy, 8)
            bytes += little(directory.count, 8) + little(start, 8)
            bytes += [0x50, 0x4B, 6, 7, 0, 0, 0, 0] + little(place, 8) + [1, 0, 0, 0]
        }
        bytes += [0x50, 0x4B, 5, 6] + little(changes.parts, 2) + [0, 0] + little(records.count, 2)
        bytes += little(records.count, 2) + little(directory.count, 4)
        return bytes + (changes.isLarge ? little(-1, 4) : little(start, 4)) + [0, 0]
    }
}
