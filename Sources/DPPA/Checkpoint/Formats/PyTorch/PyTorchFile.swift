import DPPASupport

/// A file of torch.save: a zip archive with a pickle that describes tensors and a record for the bytes of each storage; of
/// versions before 1.6, pickles with the storages behind them.
struct PyTorchFile {
    /// The tensors of its state_dict in the order of the file.
    let tensors: [FileTensor]
    /// What was left aside, in words.
    let notices: [String]

    /// Reads what a file describes, and no weights.
    ///
    /// Throws `missingInput` when it is not there, and `data` when it is damaged, or holds more than tensors in dicts.
    init(_ path: String) throws {
        let file = try FileDescriptor(path)
        let size = try file.size()
        let head = try file.bytes(0..<min(size, FileKind.headSize))
        let contents: TorchContents
        switch FileKind(head: head, size: size) {
        case .zip: contents = try TorchArchive.contents(file)
        case .pickle: contents = try LegacyTorchFile.contents(file, head: head, size: size)
        case let other?: throw other.refusal(path, insteadOf: "PyTorch file")
        case nil:
            throw DPPAError(
                .data, "\(path) is no PyTorch file: it begins neither as a zip archive nor as a pickle",
                notes: ["it is damaged, or of another program; copy or download it again"])
        }
        let machine = contents.machine
        let state = try StateDict(contents.root, machine)
        notices = state.notices
        var (tensors, total): ([FileTensor], Double) = ([], 0)
        var seen: Set<Range<Int>> = []
        for (name, number) in state.tensors {
            let tensor = machine.tensors[number]
            let bytes = try contents.storage(machine.storages[tensor.storage], name)
            let source = try tensor.source(name, bytes: bytes, file)
            let isShared = !bytes.isEmpty && !seen.insert(bytes).inserted
            tensors.append(FileTensor(name: name, source: source, path: path, isShared: isShared))
            // Names and elements that stand for many others cost nothing in the file.
            total += Double(source.shape.reduce(source.dtype.byteSize, *))
            guard total <= max(0x1p30, 64 * Double(size)) else {
                throw DPPAError(
                    .data, "\(path): the tensors up to \(name.shown) have \(total) bytes in a file of \(size)",
                    notes: ["tensors that share their bytes may be 64 times as large as the file, or have 1 GiB"])
            }
        }
        self.tensors = tensors
    }
}

/// What a file's pickles have given.
struct TorchContents {
    var root: Pickle.Value
    var machine: PickleMachine
    /// The place of a storage's bytes in the file, for a tensor that needs them.
    var storage: (_ storage: TorchStorage, _ tensor: String) throws -> Range<Int>
}

/// The archive that torch.save writes.
enum TorchArchive {
    /// Runs the pickle of an archive.
    static func contents(_ file: FileDescriptor) throws -> TorchContents {
        let archive = try ZipArchive(file)
        let names = archive.names
        let pickles = names.filter { $0.hasSuffix("/data.pkl") && $0.split(separator: "/").count == 2 }
        guard let pickle = pickles.first, pickles.count == 1, let range = try archive.range(of: pickle) else {
            throw DPPAError(
                .data,
                "\(file.path) is a zip archive and no PyTorch file: it has \(pickles.count) records FOLDER/data.pkl",
                notes: names.isEmpty ? [] : ["it has \(Phrase.list(names.map(\.shown)))"])
        }
        let folder = pickle.dropLast("data.pkl".count)
        if names.contains(folder + "constants.pkl") {
            throw DPPAError(
                .data, "\(file.path) is a TorchScript program, which has code beside its weights",
                notes: [Pickle.conversion])
        }
        if let order = try archive.range(of: folder + "byteorder") {
            let text = order.count <= 16 ? String(decoding: try file.bytes(order), as: UTF8.self) : ""
            guard text == "little" else {
                throw DPPAError(
                    .data, "\(file.path): its numbers have the byte order '\(text.shown)'; little is read",
                    notes: ["save it again on a machine of the usual byte order"])
            }
        }
        guard range.count <= PickleMachine.sizeLimit else {
            throw DPPAError(
                .data, "\(file.path): its pickle has \(range.count) bytes; at most \(PickleMachine.sizeLimit) are read",
                notes: [Pickle.conversion])
        }
        var machine = PickleMachine(file, range)
        let root = try machine.run()
        let texts = machine.texts
        return TorchContents(root: root, machine: machine) { storage, tensor in
            let name = "\(folder)data/\(texts[storage.key])"
            guard let range = try archive.range(of: name) else {
                throw ZipArchive.damage(file.path, "it has no record \(name.shown), in which \(tensor.shown) is")
            }
            try storage.require(range.count, "record \(name.shown)", of: tensor, in: file.path)
            return range
        }
    }
}
