import DPPA
import Testing

/// A model in several files, and several models in one folder.
@Suite("GGUF parts")
struct GGUFPartsTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// The parts of the small model: its metadata in the first, its tensors dealt out.
    private func parts(_ count: Int, tensors said: UInt32? = nil) -> [GGUFFile] {
        let whole = GGUFFile.model()
        return (0..<count).map { number in
            var part = GGUFFile(keys: number == 0 ? whole.keys : [])
            part.keys += [
                ("split.no", .short(UInt16(number))), ("split.count", .short(UInt16(count))),
                ("split.tensors.count", .number(said ?? UInt32(whole.tensors.count))),
            ]
            part.tensors = whole.tensors.enumerated().filter { $0.offset % count == number }.map(\.element)
            return part
        }
    }

    private func name(_ number: Int, of count: Int) -> String { "m/x-q8-0000\(number)-of-0000\(count).gguf" }

    private func write(_ parts: [GGUFFile]) throws {
        for (number, part) in parts.enumerated() { try folder.write(part.bytes, name(number + 1, of: parts.count)) }
    }

    private func open(_ path: String = "m") throws -> OpenModel {
        try OpenModel(at: folder.path + "/" + path, label: "m")
    }

    @Test("A folder of parts, and any part by its name, is the whole model")
    func whole() throws {
        let expected = try OpenModel(at: folder.write(GGUFFile.model().bytes, "whole.gguf"), label: "m")
        try write(parts(3))
        for path in ["m", name(1, of: 3), name(3, of: 3)] {
            let model = try open(path)
            #expect(model.tensors.map(\.facts) == expected.tensors.map(\.facts) && model.weightFiles.count == 3)
            #expect(try model.tensors.allSatisfy { try $0.source.bytes() == expected.source($0.facts.name)?.bytes() })
            #expect(model.config == expected.config && model.notices.isEmpty)
        }
        let stamp = try open(name(1, of: 3)).stamp
        try folder.write(parts(3)[2].bytes + [0], name(3, of: 3))
        #expect(try open(name(1, of: 3)).stamp != stamp)
    }

    @Test("A part that is missing, of another model, or renamed is told")
    func wrong() throws {
        try write(Array(parts(3).prefix(2)) + [parts(2)[1]])
        expectError(.data, ["says that it is part 1 of 2", "it is 2 of 3"]) { _ = try open() }
        try write(parts(3, tensors: 40))
        expectError(.data, ["all parts have 40 tensors; they have 11"]) { _ = try open() }
        var twice = parts(3)
        twice[1].tensors += twice[0].tensors
        try write(twice)
        expectError(.data, ["both hold token_embd.weight"]) { _ = try open() }
        let other = try TestFolder()
        try other.write(parts(2)[0].bytes, name(1, of: 2))
        expectError(.missingInput, ["00002-of-00002.gguf is missing", "in 2 parts"]) {
            _ = try OpenModel(at: other.path + "/m", label: "m")
        }
        try other.write(parts(2)[0].bytes, "a/model.gguf")
        expectError(.data, ["is part of a model", "NAME-00001-of-00003.gguf"]) {
            _ = try OpenModel(at: other.path + "/a", label: "m")
        }
    }

    @Test("Several models in a folder are listed; what sees is no language model; safetensors come first")
    func several() throws {
        try folder.write(GGUFFile.model().bytes, "m/a.gguf")
        try folder.write(GGUFFile.model().bytes, "m/mmproj-a.gguf")
        #expect(try open().notices.contains { $0.contains("mmproj-a.gguf was left aside") })
        try folder.write(GGUFFile.model().bytes, "m/b.gguf")
        expectError(.data, ["m has 2 GGUF files: a.gguf, b.gguf", "m/a.gguf"]) { _ = try open() }
        #expect(try open("m/b.gguf").tensors.count == 11)
        try folder.write(safetensors("{\(entry("x", "F32", "[1]", 0, 4))}", data: 4), "m/model.safetensors")
        #expect(try open().tensors.map(\.facts.name) == ["x"])
    }
}
