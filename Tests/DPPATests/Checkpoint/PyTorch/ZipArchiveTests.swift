import DPPA
import Testing

/// Archives that are not what their directory says.
@Suite("Zip archives of PyTorch")
struct ZipArchiveTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private static let records: [(String, [UInt8])] = [
        ("a/data.pkl", Torch.pickle(Torch.dict([("x", Torch.tensor([4], [1]))]))),
        ("a/data/0", [UInt8](repeating: 1, count: 16)),
    ]

    private static func zip(_ name: String, _ changes: Torch.Changes, _ words: String...) -> Malformed {
        Malformed(name, words + ["pytorch_model.bin"]) { Torch.zip(records, changes) }
    }

    private static func zip(_ name: String, _ more: [(String, [UInt8])], _ words: String...) -> Malformed {
        Malformed(name, words + ["pytorch_model.bin"]) { Torch.zip(records + more) }
    }

    private static func changed(
        _ name: String, _ words: String..., change: @escaping @Sendable (inout [UInt8]) -> Void
    ) -> Malformed {
        Malformed(name, words + ["pytorch_model.bin"]) {
            var bytes = Torch.zip(records)
            change(&bytes)
            return bytes
        }
    }

    static let archives: [Malformed] = [
        zip("compressed", .init(method: 8), "its record a/data/0 is compressed (method 8)"),
        zip("encrypted", .init(flags: 1), "its record a/data/0 is encrypted"),
        zip("larger than the file", .init(sizeBy: 1 << 20), "a/data/0, 1048592 bytes", "reaches into the directory"),
        zip("larger by one", .init(sizeBy: 1), "a/data/0, 17 bytes", "reaches into the directory"),
        zip("4 GB", .init(sizeBy: -17), "has no size or place"),
        zip("a record in another", .init(headerBy: -20), "records a/data.pkl and a/data/0 overlap"),
        zip("a header beyond the file", .init(headerBy: 1 << 30), "a/data/0", "reaches into the directory"),
        zip("a header elsewhere", .init(headerBy: 1, isLarge: false), "reaches into the directory"),
        zip("a smaller one at the wrong place", .init(sizeBy: -4, headerBy: 2), "is not its record a/data/0"),
        zip(
            "padding beyond the directory", .init(extraInHeader: 40), "a/data/0, 16 bytes",
            "reaches into what begins at"),
        zip("another name in its header", .init(nameInHeader: "a/data/1"), "is not its record a/data/0"),
        zip("a directory elsewhere", .init(directoryBy: 1), "does not end at"),
        zip("one of several parts", .init(parts: 1), "one of several parts"),
        zip("zip64, more records", .init(isLarge: true, largeCountBy: 1), "say different things"),
        zip("zip64, a directory elsewhere", .init(isLarge: true, directoryBy: -1), "does not end at"),
        zip("zip64, 16 EB", .init(sizeBy: .min, isLarge: true), "a/data/0 has no size or place"),
        zip(
            "zip64, a header before the file", .init(headerBy: -1 << 40, isLarge: true), "a/data/0 has no size or place"
        ),
        zip("zip64, nearly 2^63", .init(sizeBy: .max - 16, isLarge: true), "reaches into the directory"),
        zip("two of one name", [("a/data/0", [])], "two records a/data/0"),
        zip("two pickles", [("b/data.pkl", [])], "2 records FOLDER/data.pkl"),
        zip("a program", [("a/constants.pkl", [])], "TorchScript"),
        zip("the other byte order", [("a/byteorder", Array("big".utf8))], "byte order 'big'; little is read"),
        zip("a long byte order", [("a/byteorder", [UInt8](repeating: 65, count: 99))], "byte order ''"),
        Malformed("no pickle", ["0 records FOLDER/data.pkl", "it has word/document.xml"]) {
            Torch.zip([("word/document.xml", [1])])
        },
        Malformed("a pickle too deep", ["0 records FOLDER/data.pkl"]) { Torch.zip([("a/b/data.pkl", [1])]) },
        Malformed("a pickle without a folder", ["0 records FOLDER/data.pkl"]) { Torch.zip([("data.pkl", [1])]) },
        Malformed("no records", ["it begins neither as a zip archive"]) { Torch.zip([]) },
        Malformed("a directory of nothing", ["no directory at its end"]) { [0x50, 0x4B, 3, 4] },
        changed("bytes before it", "does not end at") { $0.insert(contentsOf: [0x50, 0x4B, 3, 4], at: 0) },
        changed("bytes behind it", "no directory at its end") { $0.append(0) },
        changed("a count too large", "its directory has") {
            $0.replaceSubrange($0.count - 14..<$0.count - 10, with: [9, 0, 9, 0])
        },
        changed("a count too small", "bytes more than its 1 records take") {
            $0.replaceSubrange($0.count - 14..<$0.count - 10, with: [1, 0, 1, 0])
        },
        changed("a name that is not UTF-8", "name at byte", "not UTF-8") { $0[$0.count - 22 - 8] = 0xFF },
    ]

    @Test("Damaged and hostile archives", arguments: archives) func refuse(file: Malformed) throws {
        // What is no archive at all is taken for one by this name.
        try file.expectRefusal(in: folder, as: "m/pytorch_model.bin") { _ in
            _ = try OpenModel(at: folder.path + "/m", label: "m")
        }
    }

    @Test("Numbers in fields of their own, a comment, and padding are read")
    func whole() throws {
        for large in [false, true] {
            var bytes = Torch.zip(Self.records, .init(isLarge: large))
            bytes.replaceSubrange(bytes.count - 2..<bytes.count, with: [3, 0, 0x50, 0x4B, 5])
            let model = try OpenModel(at: folder.write(bytes, "a.bin"), label: "a")
            #expect(try model.source("x")?.bytes() == [UInt8](repeating: 1, count: 16))
        }
    }

    @Test("A pickle alone, and what is not of PyTorch's version")
    func pickles() throws {
        let magic = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E] as [UInt8]
        func refused(_ bytes: [UInt8], _ words: String...) throws {
            let path = try folder.write(bytes, "a.bin")
            expectError(.data, words + ["a.bin"]) { _ = try OpenModel(at: path, label: "a") }
        }
        try refused(
            Torch.pickle(Torch.call(Torch.global("posix", "system"))), "a pickle, and none of PyTorch", "save_file")
        try refused(magic, "its pickle ends at byte 15")
        try refused(magic + Torch.pickle(Torch.int(1000)), "another version than 1001")
        let head = magic + Torch.pickle(Torch.int(1001))
        try refused(head + Torch.pickle(Torch.dict([("little_endian", [0x89])])), "byte order of other machines")
        let facts = head + Torch.pickle(Torch.dict([("little_endian", [0x88])]))
        try refused(facts + Torch.pickle(Torch.global("posix", "system")), "posix.system", "byte \(facts.count + 2)")
        let tensor = Torch.pickle(Torch.dict([("x", Torch.tensor([4], [1]))]))
        try refused(facts + tensor + Torch.pickle([0x4E]), "names of its storages are no list")
        try refused(facts + tensor + Torch.pickle([0x5D]), "no storage 0, in which x is")
        let names = facts + tensor + Torch.pickle([0x5D] + Torch.text("0") + [0x61])
        try refused(names, "storage 0 from byte \(names.count) reaches beyond")
        try refused(names + Torch.little(-1, 8), "reaches beyond")
        try refused(names + Torch.little(1 << 61, 8) + [0], "reaches beyond")
        try refused(names + Torch.little(3, 8) + [UInt8](repeating: 0, count: 12), "has 12 bytes", "4 elements of 4")
        let whole = names + Torch.little(4, 8) + [UInt8](repeating: 7, count: 16)
        try refused(whole + [0], "1 bytes behind its storages")
        let model = try OpenModel(at: folder.write(whole, "a.bin"), label: "a")
        #expect(try model.source("x")?.bytes() == [UInt8](repeating: 7, count: 16))
        let twice = facts + tensor + Torch.pickle([0x5D, 0x28] + Torch.text("0") + Torch.text("0") + [0x65])
        try refused(twice + whole[names.count...] + whole[names.count...], "two storages 0")
        try refused(
            facts + tensor + Torch.pickle([0x5D] + Torch.text("1") + [0x61]),
            "a storage 1 that none of its tensors names")
    }
}
