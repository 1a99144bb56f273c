import DPPASupport

/// A file as torch.save wrote them before version 1.6: a magic number, a version, facts of the machine, what is saved and the
/// names of its storages, each a pickle; then the storages in the order of these names, each with its count in front.
enum LegacyTorchFile {
    /// The pickle of the number 0x1950a86a20f9469cfc6c, behind the byte of its protocol.
    private static let magic: [UInt8] = [0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]

    /// Runs the pickles and finds the storages behind them.
    static func contents(_ file: FileDescriptor, head: [UInt8], size: Int) throws -> TorchContents {
        guard head.dropFirst(2).starts(with: magic) else {
            throw DPPAError(
                .data, "\(file.path) is a pickle, and none of PyTorch", notes: [Pickle.conversion])
        }
        let start = 2 + magic.count
        var machine = PickleMachine(file, start..<min(size, start + PickleMachine.sizeLimit))
        guard case .integer(1001) = try machine.run() else {
            throw machine.fault("it is of another version than 1001")
        }
        guard case .dictionary(let facts) = try machine.run() else {
            throw machine.fault("the facts of the machine are no dict")
        }
        for (key, value) in machine.dictionaries[facts] {
            guard case .text(let text) = key, machine.texts[text] == "little_endian" else { continue }
            guard case .truth(true) = value else {
                throw machine.fault("its numbers have the byte order of other machines; little_endian is read")
            }
        }
        let root = try machine.run()
        guard case .list(let list) = try machine.run() else {
            throw machine.fault("the names of its storages are no list")
        }
        let keys = try machine.sequences[list].map { item in
            guard case .text(let text) = item else {
                throw machine.fault("the name of a storage is \(item.description)")
            }
            return machine.texts[text]
        }
        let places = try places(keys, machine, file, size)
        let texts = machine.texts
        return TorchContents(root: root, machine: machine) { storage, tensor in
            let key = texts[storage.key]
            guard let place = places[key] else {
                throw ZipArchive.damage(file.path, "it has no storage \(key.shown), in which \(tensor.shown) is")
            }
            try storage.require(place.count, "storage \(key.shown)", of: tensor, in: file.path)
            return place
        }
    }

    /// The places of the storages: a count of eight bytes and the elements, one storage after the other.
    private static func places(
        _ keys: [String], _ machine: PickleMachine, _ file: FileDescriptor, _ size: Int
    ) throws -> [String: Range<Int>] {
        let widths = Dictionary(
            machine.storages.map { (machine.texts[$0.key], $0.dtype?.byteSize ?? 1) },
            uniquingKeysWith: { first, _ in first })
        var places: [String: Range<Int>] = [:]
        var at = machine.bytes.offset
        for key in keys {
            guard let width = widths[key] else {
                throw ZipArchive.damage(file.path, "it has a storage \(key.shown) that none of its tensors names")
            }
            guard at + 8 <= size, let count = Int(exactly: LittleEndian(try file.bytes(at..<at + 8)).u64(0)),
                count <= (size - at - 8) / width
            else {
                throw ZipArchive.damage(file.path, "its storage \(key.shown) from byte \(at) reaches beyond its end")
            }
            let end = at + 8 + count * width
            guard places.updateValue(at + 8..<end, forKey: key) == nil else {
                throw ZipArchive.damage(file.path, "it has two storages \(key.shown)")
            }
            at = end
        }
        guard at == size else { throw ZipArchive.damage(file.path, "it has \(size - at) bytes behind its storages") }
        return places
    }
}
