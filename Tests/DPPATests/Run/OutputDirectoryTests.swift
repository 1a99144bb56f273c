import DPPA
import Foundation
import Testing

/// The target is as it was, or whole and new; inputs and strangers' directories are never touched.
@Suite("Output directory")
struct OutputDirectoryTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    func prepare(_ name: String = "out", force: Bool = false, inputs: [String] = []) throws -> OutputDirectory {
        try OutputDirectory.prepare(target: folder.path + "/" + name, force: force, inputs: inputs)
    }

    func fill(_ directory: OutputDirectory, _ text: String = "new") throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: directory.temporaryPath + "/model"))
    }

    func link(_ name: String, to destination: String) throws {
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/" + name, withDestinationPath: destination)
    }

    @Test("Nothing is at the target until commit; then everything is, and nothing else beside it")
    func commit() throws {
        let directory = try prepare()
        try fill(directory)
        try FileManager.default.createDirectory(
            atPath: directory.temporaryPath + "/sub", withIntermediateDirectories: true)
        #expect(try !folder.entries().contains("out"))
        try directory.commit()
        #expect(try folder.entries() == ["out"])
        #expect(try folder.entries("out") == ["model", "sub"])
    }

    @Test("Directories above the target are made, and a trailing slash and dots are understood")
    func parents() throws {
        let directory = try prepare("a/./b//c/")
        try fill(directory)
        try directory.commit()
        #expect(try folder.text("a/b/c/model") == "new")
        #expect(try folder.entries("a/b") == ["c"])
    }

    @Test("Abandoning leaves nothing, neither the directories above nor a half-written file; it may be done twice")
    func abandon() throws {
        let directory = try prepare("a/b/out")
        try fill(directory)
        directory.abandon()
        directory.abandon()
        #expect(try folder.entries().isEmpty)
        do {
            let dropped = try prepare("c/out")
            try fill(dropped)
        }
        #expect(try folder.entries().isEmpty)
        try folder.write("x", "d/mine")
        try prepare("d/e/out").abandon()
        #expect(try folder.entries("d") == ["mine"])
    }

    @Test("Abandoning after commit takes nothing back")
    func abandonAfterCommit() throws {
        let directory = try prepare()
        try fill(directory)
        try directory.commit()
        directory.abandon()
        #expect(try folder.text("out/model") == "new")
    }

    @Test("An existing target is refused without force, whatever it is, and stays")
    func refusesExisting() throws {
        try folder.write("old", "out/model")
        try folder.write("old", "file")
        try folder.makeFolder("empty")
        try link("nowhere", to: "gone")
        for name in ["out", "file", "empty", "nowhere", "out/"] {
            expectError(.cannotCreate, [name + " exists", "--force"]) { _ = try prepare(name) }
        }
        #expect(try folder.entries() == ["empty", "file", "nowhere", "out"])
        #expect(try folder.text("out/model") == "old")
    }

    @Test("Force exchanges at commit: the old one stands until then, and nothing of it is left")
    func force() throws {
        try folder.write("old", "out/model")
        try folder.write("old", "out/more/deep")
        let directory = try prepare(force: true)
        try fill(directory)
        #expect(try folder.text("out/model") == "old")
        try directory.commit()
        #expect(try folder.text("out/model") == "new")
        #expect(try folder.entries() == ["out"] && folder.entries("out") == ["model"])
    }

    @Test("Force and abandon leave the old one")
    func forceAbandon() throws {
        try folder.write("old", "out/model")
        let directory = try prepare(force: true)
        try fill(directory)
        directory.abandon()
        #expect(try folder.text("out/model") == "old" && folder.entries() == ["out"])
    }

    @Test("Force replaces a file too, and makes what is not there")
    func forceFile() throws {
        try folder.write("old", "out")
        for _ in 0..<2 {
            let directory = try prepare(force: true)
            try fill(directory)
            try directory.commit()
            #expect(try folder.text("out/model") == "new" && folder.entries() == ["out"])
        }
    }

    @Test("A target that has appeared since is not replaced without force")
    func appeared() throws {
        let directory = try prepare()
        try fill(directory)
        try folder.write("another's", "out/model")
        expectError(.cannotCreate, ["/out", "since the run began", "--force"]) { try directory.commit() }
        directory.abandon()
        #expect(try folder.text("out/model") == "another's" && folder.entries() == ["out"])
    }

    @Test("An output that is, holds or lies in an input is refused with force too, before anything is made")
    func inputs() throws {
        try folder.write("old", "models/in/model.safetensors")
        try link("alias", to: "models/in")
        let inputs = [folder.path + "/models/in"]
        for name in [
            "models/in", "models/in/", "models/in/new", "models/in/a/b", "models", "models/../models/in", "alias",
            "alias/new",
            "models/in/model.safetensors",
        ] {
            expectError(.cannotCreate, ["lie in one another", name]) {
                _ = try prepare(name, force: true, inputs: inputs)
            }
        }
        expectError(.cannotCreate, ["lie in one another"]) {
            _ = try prepare("models/in", force: true, inputs: [folder.path + "/alias"])
        }
        expectError(.cannotCreate, ["lie in one another"]) {
            _ = try prepare("models", force: true, inputs: [folder.path + "/models/in/model.safetensors"])
        }
        #expect(try folder.entries() == ["alias", "models"] && folder.entries("models") == ["in"])
        #expect(try folder.entries("models/in") == ["model.safetensors"])
        try prepare("models/inner", inputs: inputs).abandon()
        try prepare("models/i", inputs: inputs + [folder.path + "/gone"]).abandon()
    }

    @Test("A link as target is replaced itself, and what it leads to stays")
    func linkTarget() throws {
        try folder.write("old", "real/model")
        try link("out", to: "real")
        let directory = try prepare(force: true)
        try fill(directory)
        try directory.commit()
        #expect(try folder.text("out/model") == "new" && folder.text("real/model") == "old")
        #expect(try folder.entries() == ["out", "real"])
        let type = try FileManager.default.attributesOfItem(atPath: folder.path + "/out")[.type] as? FileAttributeType
        #expect(type == .typeDirectory)
    }

    @Test("A link above the target is followed")
    func linkAbove() throws {
        try folder.makeFolder("real")
        try link("alias", to: "real")
        let directory = try prepare("alias/out")
        try fill(directory)
        try directory.commit()
        #expect(try folder.text("real/out/model") == "new")
    }

    @Test(
        "Names of which no directory of its own can be made",
        arguments: ["", "/", ".", "..", "./", "a/..", "a/.", "//"])
    func badNames(name: String) {
        expectError(.cannotCreate, ["cannot be written as a whole"]) {
            _ = try OutputDirectory.prepare(target: name, force: true, inputs: [])
        }
    }

    @Test("A place that cannot be created, under a file, a dead link or a directory that is not there")
    func badPlaces() throws {
        try folder.write("x", "file")
        try link("nowhere", to: "gone")
        expectError(.cannotCreate, ["file"]) { _ = try prepare("file/out") }
        expectError(.cannotCreate, ["file"]) { _ = try prepare("file/a/out") }
        expectError(.cannotCreate, ["nowhere"]) { _ = try prepare("nowhere/out") }
        expectError(.cannotCreate, ["gone/../out"]) { _ = try prepare("gone/../out") }
        #expect(try folder.entries() == ["file", "nowhere"])
    }

    @Test("What a dead run left is removed, and what a live one writes is not")
    func leftovers() throws {
        // Dead runs: their locks are there, and nobody holds them; one had moved the target aside.
        try folder.write("", ".out.dppa-aaaaaaaa.lock")
        try folder.write("half", ".out.dppa-aaaaaaaa/model.safetensors")
        try folder.write("", ".out.dppa-bbbbbbbb.lock")
        // Another target's, and one that no run has made.
        try folder.write("", ".other.dppa-aaaaaaaa.lock")
        try folder.write("mine", ".out.dppa-cccccccc/file")
        let live = try prepare()
        try fill(live)
        let name = NSString(string: live.temporaryPath).lastPathComponent
        let kept = [".other.dppa-aaaaaaaa.lock", ".out.dppa-cccccccc"]
        #expect(try folder.entries() == (kept + [name, name + ".lock"]).sorted())
        let second = try prepare()
        #expect(FileManager.default.fileExists(atPath: live.temporaryPath + "/model"))
        second.abandon()
        try live.commit()
        #expect(try folder.entries() == kept + ["out"])
        #expect(try folder.entries("out") == ["model"])
    }

    @Test("A target that a dead run had moved aside comes back")
    func aside() throws {
        try folder.write("", ".out.dppa-aaaaaaaa.lock")
        try folder.write("new", ".out.dppa-aaaaaaaa/model")
        try folder.write("old", ".out.dppa-aaaaaaaa.old/model")
        #expect(throws: DPPAError.self) { try prepare() }
        #expect(try folder.entries() == ["out"])
        #expect(try folder.text("out/model") == "old")
    }
}
