import DPPA
import Foundation
import Testing

/// A model's folder in the Hugging Face cache stands for one of its snapshots, or says which there are.
@Suite("Folders of the Hugging Face cache")
struct CacheFolderTests {
    let folder: TestFolder
    let path: String

    init() throws {
        folder = try TestFolder()
        path = folder.path + "/models--acme--base"
    }

    /// A snapshot with one tensor of the commit's name, linked to a blob as the hub's tools do.
    func snapshot(_ commit: String) throws {
        try folder.write(
            safetensors("{\(entry(commit, "U8", "[1]", 0, 1))}", data: 1), "models--acme--base/blobs/" + commit)
        try folder.makeFolder("models--acme--base/snapshots/" + commit)
        #expect(symlink("../../blobs/" + commit, path + "/snapshots/\(commit)/model.safetensors") == 0)
    }

    func ref(_ name: String, _ text: String) throws { try folder.write(text, "models--acme--base/refs/" + name) }

    func open() throws -> OpenModel { try OpenModel(at: path, label: "m") }

    @Test("The snapshot of main, whatever others there are")
    func main() throws {
        for commit in ["a1", "b2", "c3"] { try snapshot(commit) }
        for text in ["b2", "b2\n"] {
            try ref("main", text)
            let model = try open()
            #expect(model.tensors.map(\.facts.name) == ["b2"] && model.path == path + "/snapshots/b2")
            #expect(
                model.notices == [
                    "\(path) is a folder of the Hugging Face cache: its snapshot b2 was read, that of refs/main"
                ])
            #expect(model.origin.repository == "acme/base" && model.origin.revision == "b2")
        }
        #expect(try OpenModel(at: path + "/snapshots/c3", label: "m").notices.isEmpty)
    }

    @Test("The only one; of several without main none, and they are listed")
    func several() throws {
        expectError(.missingInput, ["there is no model at"]) { _ = try open() }
        try folder.makeFolder("models--acme--base/snapshots")
        expectError(.missingInput, ["without a snapshot", "download it again"]) { _ = try open() }
        try snapshot("a1")
        try ref("v1", "a1")
        #expect(try open().notices[0].hasSuffix("its snapshot a1 was read, the only one"))
        try snapshot("b2")
        expectError(
            .missingInput,
            ["models--acme--base is a folder of the Hugging Face cache with 2 snapshots, and no refs/main", ": a1, b2"]
        ) { _ = try open() }
        try ref("main", "dd")
        expectError(.missingInput, ["refs/main names a snapshot that is not there: a1, b2"]) { _ = try open() }
        try FileManager.default.removeItem(atPath: path + "/snapshots/b2")
        expectError(.missingInput, ["1 snapshot, and refs/main names"]) { _ = try open() }
    }

    @Test("A ref names a commit and no path")
    func words() throws {
        try snapshot("a1")
        try snapshot("b2")
        for text in ["../a1", "a1/..", "", ".", "..", "/etc", String(repeating: "a", count: 300)] {
            try ref("main", text)
            expectError(.missingInput, ["refs/main names a snapshot that is not there"]) { _ = try open() }
        }
        let cache = CacheFolder(at: path)
        try ref("refs/pr/1", "b2")
        #expect(cache.snapshot("refs/pr/1") == path + "/snapshots/b2" && cache.snapshot("a1") != nil)
        for name in ["../refs/v1", "refs//pr", "", "refs/", ".", "refs/pr"] { #expect(cache.snapshot(name) == nil) }
    }

    @Test("A model that keeps snapshots of its training is a model")
    func model() throws {
        try folder.write(safetensors("{\(entry("x", "U8", "[1]", 0, 1))}", data: 1), "m/model.safetensors")
        try folder.makeFolder("m/snapshots/a1")
        let model = try OpenModel(at: folder.path + "/m", label: "m")
        #expect(model.tensors.map(\.facts.name) == ["x"] && model.notices.isEmpty)
    }

    @Test("A link whose blob is gone is called that")
    func dangling() throws {
        try snapshot("a1")
        try FileManager.default.removeItem(atPath: path + "/blobs/a1")
        expectError(
            .missingInput,
            ["snapshots/a1/model.safetensors is a link to a file that is not there", "not finished", "deleted"]
        ) { _ = try open() }
    }
}
