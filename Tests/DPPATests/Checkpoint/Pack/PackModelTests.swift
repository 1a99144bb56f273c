import DPPA
import Foundation
import Testing

/// Packs that are opened with another base, or are damaged: each error says what is wrong and where.
@Suite struct PackModelTests {
    private let folder: TestFolder
    private let models = PackModels()
    private let base, model: OpenModel
    private let path: String

    init() throws {
        folder = try TestFolder()
        (base, model) = try models.write(folder)
        path = try model.pack(onto: base, in: folder).path
    }

    private func open(_ path: String? = nil, onto other: OpenModel? = nil) throws -> OpenModel {
        try OpenModel(at: path ?? self.path, label: "delta", base: other ?? base)
    }

    /// The base with some tensors changed.
    private func base(
        _ name: String, _ change: (inout [PackModels.Tensor]) throws -> Void
    ) throws -> OpenModel {
        var tensors = models.base
        try change(&tensors)
        try PackModels.write(tensors, folder.makeFolder(name))
        return try OpenModel(at: folder.path + "/" + name, label: name)
    }

    @Test func aPackAloneSaysWhatItNeeds() throws {
        expectError(.data, ["is a pack, which needs the model that it was made onto", "base+pack", "has the digest"]) {
            _ = try OpenModel(at: path, label: "delta")
        }
        #expect(try PackModel.isPack(path) && PackModel.isPack(folder.path + "/pack") && !PackModel.isPack(base.path))
    }

    @Test func otherNamesTypesAndShapesAreToldAtOnce() throws {
        let count = models.base.count
        let lacking = try base("lacking") { $0.removeAll { $0.name == "large.mask" || $0.name == "cut" } }
        expectError(
            .data,
            [
                "pack/delta.safetensors was made onto another model than lacking", "2 of \(count) tensors differ",
                "first cut, which is missing", "has the digest",
            ]
        ) { _ = try open(onto: lacking) }
        let further = try base("further") { $0.append(("a.new", .u8, [1], [1])) }
        expectError(.data, ["1 of \(count) tensors differ, first a.new, which was not there"]) {
            _ = try open(onto: further)
        }
        let reshaped = try base("reshaped") { tensors in
            for index in tensors.indices where tensors[index].name == "large.gaps" {
                tensors[index].shape = [500, 600]
            }
        }
        expectError(.data, ["first large.gaps, which is BF16 [500, 600] and was BF16 [600, 500]"]) {
            _ = try open(onto: reshaped)
        }
        expectError(.data, ["first base.only, which is missing"]) { _ = try open(onto: model) }
    }

    /// Small tensors are read when a pack is opened, the others when they are first asked for.
    @Test func otherBytesAreToldBeforeAnyIsUsed() throws {
        let small = try base("small") { $0[0].bytes[5] ^= 1 }
        expectError(.data, ["1 of \(models.base.count) tensors differ, first the bytes of \(models.base[0].name)"]) {
            _ = try open(onto: small)
        }
        let names = ["large.few", "large.mask", "two.of.four"]
        let large = try base("large") { tensors in
            for index in tensors.indices where names.contains(tensors[index].name) { tensors[index].bytes[99_999] ^= 1 }
        }
        let opened = try open(onto: large)
        #expect(try opened.source("large.gaps")?.bytes() == models.model.first { $0.name == "large.gaps" }?.bytes)
        for name in names {
            expectError(.data, ["3 of \(models.base.count) tensors differ, first the bytes of large.few"]) {
                _ = try opened.source(name)?.bytes()
            }
        }
        // A tensor that the model has unchanged is one of the base as well.
        let same = try #require(
            models.model.first { tensor in
                models.base.contains {
                    $0.name == tensor.name && $0.bytes == tensor.bytes && $0.bytes.count == 1280 * 8
                }
            })
        #expect(try opened.source(same.name)?.bytes() == same.bytes)
    }

    @Test func theOrderOfTheBasesTensorsAndItsFilesSayNothing() throws {
        let shuffled = try base("shuffled") { $0.reverse() }
        let opened = try open(onto: shuffled)
        for tensor in models.model {
            #expect(try opened.source(tensor.name)?.bytes() == tensor.bytes, "\(tensor.name)")
        }
    }

    @Test func whatIsPackedIsOpenedOntoABaseByAPlus() throws {
        let text = "\(base.path)+\(path)"
        let both = try AdaptedPath(text, isModel: FileManager.default.fileExists(atPath:)).open(label: nil) {
            try OpenModel(at: $0, label: $1 ?? ($2 == nil ? "base" : "delta"), base: $2)
        }
        #expect(both.label == "base+delta" && both.identity == "\(base.path) + \(path)" && both.space == .model)
        #expect(both.stamp != base.stamp && both.stamp != model.stamp)
        #expect(both.weightFiles == [path, base.path])
        for tensor in models.model { #expect(try both.source(tensor.name)?.bytes() == tensor.bytes) }
        #expect(both.source("base.only") == nil && both.source("large.gaps")?.encoding == "BF16 gaps")
        expectError(.data, ["is a whole model, which cannot stand behind +"]) {
            _ = try base.adding(model, label: "x")
        }
    }

    @Test func aFolderBringsItsOwnSmallFilesAndAFileTakesThoseOfTheBase() throws {
        try PackModels.write(models.base, folder.makeFolder("dir"))
        try folder.write(#"{"model_type": "old"}"#, "dir/config.json")
        try folder.write("{}", "dir/tokenizer.json")
        let base = try OpenModel(at: folder.path + "/dir", label: "dir")
        let alone = try open(onto: base)
        #expect(alone.config?.contains("old") == true && alone.sidecarFiles == ["tokenizer.json"])
        #expect(alone.home == folder.path + "/dir" && alone.encoderPath == folder.path + "/dir/tokenizer.json")
        try folder.write(#"{"model_type": "new"}"#, "pack/config.json")
        let whole = try open(folder.path + "/pack", onto: base)
        #expect(whole.config?.contains("new") == true && whole.sidecarFiles.isEmpty)
        #expect(whole.home == folder.path + "/pack")
    }

    /// Writes the pack again with another header and other data.
    private func damaged(_ change: (inout [String: Any], inout [String: Any], inout [UInt8]) -> Void) throws -> String {
        let bytes = try readBytes(path)
        let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length]))
        var (all, data) = (try #require(header as? [String: Any]), Array(bytes[(8 + length)...]))
        let metadata = try #require(all["__metadata__"] as? [String: String])
        let text = try #require(metadata["dppa_pack"])
        var pack = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        change(&pack, &all, &data)
        let new = String(decoding: try JSONSerialization.data(withJSONObject: pack), as: UTF8.self)
        all["__metadata__"] = ["dppa_pack": new]
        return try folder.write(
            safetensors(Array(try JSONSerialization.data(withJSONObject: all)), data: data), "bad/delta.safetensors")
    }

    /// Changes what the description says of a tensor.
    private func described(_ name: String, _ change: @escaping (inout [String: Any]) -> Void) throws -> String {
        try damaged { pack, _, _ in
            guard var model = pack["model"] as? [String: Any], var tensors = model["tensors"] as? [String: Any],
                var entry = tensors[name] as? [String: Any]
            else { return }
            change(&entry)
            tensors[name] = entry
            model["tensors"] = tensors
            pack["model"] = model
        }
    }

    @Test(arguments: 0..<14) func aDescriptionThatCannotBeIsToldWithItsPlace(_ number: Int) throws {
        let name = "large.gaps"
        func nm(_ entry: inout [String: Any]) { (entry["coding"], entry["n"], entry["m"]) = ("nm", 1, 8) }
        let (words, path): ([String], String) =
            switch number {
            case 0: (["pack of version 2; this program reads 1"], try damaged { pack, _, _ in pack["version"] = 2 })
            case 1: (["expected 'tensors'"], try damaged { pack, _, _ in pack["base"] = [:] as [String: Any] })
            case 2: (["a coding (same, dense,", "got 'huffman'"], try described(name) { $0["coding"] = "huffman" })
            case 3: (["large.gaps: expected 'coding'"], try described(name) { $0["coding"] = nil })
            case 4: (["a dtype that is read"], try described(name) { $0["dtype"] = "F4" })
            case 5: (["a digest of 32 hexadecimal digits"], try described(name) { $0["digest"] = "abc" })
            case 6: (["n of m = 4, 8 or 16"], try described("two.of.four") { $0["m"] = 5 })
            case 7: (["there is no mask of U8 [37500]"], try described(name) { $0["coding"] = "bitmask" })
            case 8: (["its base is no such tensor"], try described(name) { $0["dtype"] = "F16" })
            case 9: (["its base is no such tensor"], try described("grown") { $0["coding"] = "same" })
            case 10: (["its rows are no multiple of 8"], try described(name, nm))
            case 11: (["which its description does not name"], try described(name) { $0["coding"] = "same" })
            case 12:
                (["500 words that the base does not have"], try described(name) { $0["shape"] = [601, 500] })
            default: (["its type is never lossy"], try described("x.mask") { $0["coding"] = "sign" })
            }
        expectError(.data, ["bad/delta.safetensors"] + words) { _ = try open(path) }
    }

    /// Where a part lies in the data.
    private func places(_ header: [String: Any], _ part: String) -> Range<Int> {
        let entry = header[part] as? [String: Any]
        let ends = entry?["data_offsets"] as? [Int] ?? [0, 0]
        return ends[0]..<ends[1]
    }

    @Test func damagedPlacesAreToldWhenTheyAreRead() throws {
        let mistakes: [(tensor: String, part: String, words: String, change: (inout [UInt8], Range<Int>) -> Void)] = [
            ("large.gaps", "gaps", "a gap is not complete", { $0[$1.upperBound - 1] |= 128 }),
            ("large.gaps", "gaps", "its gaps lead beyond its 300000 elements", { $0[$1.upperBound - 1] &+= 1 }),
            ("large.mask", "mask", "places are marked, and there are", { $0[$1.lowerBound + 7] ^= 1 }),
            ("large.mask", "mask", "its mask marks elements behind the last one", { $0[$1.upperBound - 1] ^= 128 }),
        ]
        for (tensor, part, words, change) in mistakes {
            let path = try damaged { _, header, data in
                change(&data, places(header, part + "/" + tensor))
            }
            let opened = try open(path)
            expectError(.data, ["bad/delta.safetensors: \(tensor)", words, "damaged"]) {
                _ = try opened.source(tensor)?.bytes()
            }
        }
    }

    @Test func damagedWordsAreFoundWhenItIsUnpacked() throws {
        let path = try damaged { _, header, data in data[places(header, "values/large.mask").lowerBound + 3] ^= 1 }
        let run = try UnpackRun(open(path), options: EngineOptions(threads: 2))
        expectError(
            .data, ["is damaged: 1 of \(models.model.count) tensors are not what was packed, first large.mask"]
        ) { _ = try run.write(into: folder.makeFolder("out"), shardSize: .max) }
    }

    @Test(arguments: [9, 100, 5000, 200_000]) func aPackThatIsCutShortIsNoModel(_ size: Int) throws {
        let cut = try folder.write(Array(readBytes(path).prefix(size)), "cut/delta.safetensors")
        expectError(.data, ["cut/delta.safetensors"]) { _ = try open(cut) }
    }
}
