import DPPA
import Foundation
import Testing

/// An index that does not say what is in the files: the headers count, and each kind of difference is told once.
@Suite("Loose indices")
struct ShardIndexTests {
    let folder: TestFolder

    init() throws {
        folder = try TestFolder()
        try write("1.safetensors", ["a", "b"])
        try write("2.safetensors", ["c"])
    }

    /// A file with tensors of two bytes each: the code of the last letter of its name, twice.
    func write(_ name: String, _ tensors: [String]) throws {
        let entries = tensors.enumerated().map { entry($1, "U8", "[2]", 2 * $0, 2 * $0 + 2) }
        let data = tensors.flatMap { name in [UInt8](repeating: name.utf8.last ?? 0, count: 2) }
        try folder.write(safetensors(Array("{\(entries.joined(separator: ","))}".utf8), data: data), "m/" + name)
    }

    func index(_ map: [String: String], metadata: String? = nil) throws {
        let entries = map.sorted { $0.key < $1.key }.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",")
        let front = metadata.map { "\"metadata\":\($0)," } ?? ""
        try folder.write("{\(front)\"weight_map\":{\(entries)}}", "m/model.safetensors.index.json")
    }

    /// The notices about the index, without its path; every tensor must have its own bytes.
    func notices(_ tensors: [String] = ["a", "b", "c"]) throws -> [String] {
        let model = try OpenModel(at: folder.path + "/m", label: "m")
        #expect(model.tensors.map(\.facts.name) == tensors)
        for tensor in model.tensors {
            let byte = tensor.facts.name.utf8.last ?? 0
            #expect(try tensor.source.bytes() == [byte, byte])
        }
        let beginning = folder.path + "/m/model.safetensors.index.json "
        return model.notices.map { $0.hasPrefix(beginning) ? String($0.dropFirst(beginning.count)) : $0 }
    }

    func refused(_ code: DPPAError.Code, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation) {
        expectError(code, words, sourceLocation: sourceLocation) {
            _ = try OpenModel(at: folder.path + "/m", label: "m")
        }
    }

    let right = ["a": "1.safetensors", "b": "1.safetensors", "c": "2.safetensors"]

    @Test("A right one is not told of, with the right total, without one, and with one that is no number")
    func silent() throws {
        for metadata in [
            nil, "{}", "null", "{\"total_size\":6}", "{\"total_size\":6.0}", "{\"total_size\":\"7\"}", "[1]",
        ] {
            try index(right, metadata: metadata)
            #expect(try notices() == [], "\(metadata ?? "")")
        }
    }

    @Test("Entries that no file holds")
    func gone() throws {
        try index(right.merging(["x": "2.safetensors"]) { a, _ in a })
        #expect(try notices() == ["has the tensor x, which no file holds"])
        try index(right.merging(["x": "2.safetensors", "v": "1.safetensors"]) { a, _ in a })
        #expect(try notices() == ["has 2 tensors, such as v, which no file holds"])
    }

    @Test("Tensors that the index lacks")
    func unknown() throws {
        try index(["a": "1.safetensors", "c": "2.safetensors"])
        #expect(try notices() == ["lacks the tensor b, which its files hold: read all the same"])
        try write("1.safetensors", ["b", "q", "a"])
        #expect(
            try notices(["a", "b", "c", "q"])
                == ["lacks 2 tensors, such as b, which its files hold: read all the same"])
    }

    @Test("Tensors in another file than it says")
    func moved() throws {
        try index(["a": "2.safetensors", "b": "1.safetensors", "c": "1.safetensors"])
        #expect(
            try notices() == [
                "places 2 tensors wrongly: a is in 1.safetensors and not in 2.safetensors"
            ])
    }

    @Test("A total that is not theirs")
    func total() throws {
        for (text, shown) in [("9", "9"), ("5.5", "5.5"), ("0", "0")] {
            try index(right, metadata: "{\"total_size\":\(text)}")
            #expect(try notices() == ["says that the tensors have \(shown) bytes; they have 6"])
        }
    }

    @Test("All of it at once: a line each, in an order of its own")
    func all() throws {
        try index(["a": "2.safetensors", "c": "2.safetensors", "x": "1.safetensors"], metadata: "{\"total_size\":1}")
        let found = try notices()
        #expect(found.count == 4)
        for (line, word) in zip(
            found, ["no file holds", "lacks the tensor b", "places 1 tensor wrongly", "have 1 bytes"])
        {
            #expect(line.contains(word))
        }
    }

    @Test("A tensor in two files cannot be told which is right")
    func twice() throws {
        try write("2.safetensors", ["b", "c"])
        try index(right)
        refused(.data, "m/1.safetensors and", "m/2.safetensors both hold b", "download")
        // A file that the index does not name is none of the model's.
        try index(["c": "2.safetensors"])
        #expect(try notices(["b", "c"]).count == 1)
    }

    @Test("Files in folders below, and none that a link leads out to")
    func below() throws {
        try write("deep/er/3.safetensors", ["d"])
        var map = right
        map["d"] = "deep/er/3.safetensors"
        try index(map)
        #expect(try notices(["a", "b", "c", "d"]) == [])
        let model = try OpenModel(at: folder.path + "/m", label: "m")
        #expect(model.weightFiles.contains(folder.path + "/m/deep/er/3.safetensors"))
        // A change in it is a change of the model.
        try write("deep/er/3.safetensors", ["d", "e"])
        #expect(try OpenModel(at: folder.path + "/m", label: "m").stamp != model.stamp)
        try FileManager.default.removeItem(atPath: folder.path + "/m/deep/er/3.safetensors")
        refused(.missingInput, "m/deep/er/3.safetensors is missing", "d")
        try folder.write(try folder.bytes("m/2.safetensors"), "outside/3.safetensors")
        for (link, target) in [("deep/er/3.safetensors", "outside/3.safetensors"), ("deep", "outside")] {
            try? FileManager.default.removeItem(atPath: folder.path + "/m/" + link)
            #expect(symlink(folder.path + "/" + target, folder.path + "/m/" + link) == 0)
            map["d"] = link == "deep" ? "deep/3.safetensors" : link
            try index(map)
            refused(.data, "index.json names the file '\(map["d"] ?? "")', which leads out of its folder")
        }
        // Within the folder a link is as good as a file.
        try FileManager.default.removeItem(atPath: folder.path + "/m/deep")
        try write("kept/3.safetensors", ["d"])
        #expect(symlink("kept", folder.path + "/m/deep") == 0)
        #expect(try notices(["a", "b", "c", "d"]) == [])
    }

    @Test("A snapshot's files below lie among the blobs of its cache, and nowhere else")
    func snapshot() throws {
        try write("3.safetensors", ["d"])
        let cache = "models--a--b"
        try folder.write(try folder.bytes("m/3.safetensors"), cache + "/blobs/0d")
        try folder.write(try folder.bytes("m/3.safetensors"), "other/0d")
        try folder.write(
            "{\"weight_map\":{\"d\":\"sub/3.safetensors\"}}", cache + "/snapshots/c0/model.safetensors.index.json")
        try folder.makeFolder(cache + "/snapshots/c0/sub")
        let link = folder.path + "/" + cache + "/snapshots/c0/sub/3.safetensors"
        #expect(symlink("../../../blobs/0d", link) == 0)
        let path = folder.path + "/" + cache + "/snapshots/c0"
        #expect(try OpenModel(at: path, label: "m").tensors.map(\.facts.name) == ["d"])
        try FileManager.default.removeItem(atPath: link)
        #expect(symlink(folder.path + "/other/0d", link) == 0)
        expectError(.data, ["leads out of its folder"]) { _ = try OpenModel(at: path, label: "m") }
        try FileManager.default.removeItem(atPath: link)
        #expect(symlink("../../../blobs/1e", link) == 0)
        expectError(.missingInput, ["sub/3.safetensors is a link to a file that is not there"]) {
            _ = try OpenModel(at: path, label: "m")
        }
    }
}
