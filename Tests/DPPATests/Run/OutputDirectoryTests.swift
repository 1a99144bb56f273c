import DPPA
import Foundation
import Testing

/// The target is as it was, or whole and new; inputs and strangers' directories are never touched.
@Suite("Output directory")
struct OutputDirectoryTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    func prepare(_ name: String = "out", force: Bool = false) throws -> OutputDirectory {
        try OutputDirectory.prepare(target: folder.path + "/" + name, force: force)
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
        try folder.write("old", "out/model.safetensors")
        try folder.write("old", "file")
        try link("nowhere", to: "gone")
        try link("alias", to: "out")
        for name in ["out", "nowhere", "out/", "alias"] {
            expectError(.cannotCreate, [name + " exists", "--force"]) { _ = try prepare(name) }
        }
        for force in [false, true] {
            expectError(.cannotCreate, ["file exists: it is no folder"]) { _ = try prepare("file", force: force) }
        }
        #expect(try folder.entries() == ["alias", "file", "nowhere", "out"])
        #expect(try folder.text("out/model.safetensors") == "old")
    }

    @Test("An empty folder is filled without force, and left when the run fails")
    func empty() throws {
        try folder.makeFolder("out")
        try prepare().abandon()
        #expect(try folder.entries() == ["out"] && folder.entries("out").isEmpty)
        let directory = try prepare()
        try fill(directory)
        #expect(try folder.entries("out").isEmpty)
        try directory.commit()
        #expect(try folder.text("out/model") == "new" && folder.entries() == ["out"])
    }

    @Test("Force exchanges at commit: the old one stands until then, and nothing of it is left")
    func force() throws {
        try folder.write("old", "out/model.safetensors")
        try folder.write("old", "out/more/model.safetensors")
        let directory = try prepare(force: true)
        try fill(directory)
        #expect(try folder.text("out/model.safetensors") == "old")
        try directory.commit()
        #expect(try folder.text("out/model") == "new")
        #expect(try folder.entries() == ["out"] && folder.entries("out") == ["model"])
    }

    @Test("Force and abandon leave the old one")
    func forceAbandon() throws {
        try folder.write("old", "out/model.safetensors")
        let directory = try prepare(force: true)
        try fill(directory)
        directory.abandon()
        #expect(try folder.text("out/model.safetensors") == "old" && folder.entries() == ["out"])
    }

    @Test("Force replaces nothing that holds what belongs to no model, and lists it")
    func foreign() throws {
        let model = ["model-00001-of-00002.safetensors", "model.safetensors.index.json", "config.json", "README.md"]
        let side = [
            "tokenizer.json", "tokenizer.model", "merges.txt", "chat_template.jinja", "generation_config.json",
            "LICENSE",
            "modeling_x.py", "recipe.lua", "lib/rule.lua", "additional_chat_templates/tool.jinja",
            "second/model.safetensors",
            "second/config.json", "licences/law/LICENSE", "licences/law/NOTICE.txt",
        ]
        for name in model + side { try folder.write("old", "out/" + name) }
        try prepare(force: true).abandon()
        for (name, shown) in [
            ("notes.txt", "notes.txt"), ("optimizer.pt", "optimizer.pt"), (".git/config", ".git/"),
            ("src/main.c", "src/"), ("second/notes.txt", "second/notes.txt"), ("lib/a.so", "lib/a.so"),
            ("third/config.json", "third/"), ("licences/law/notes.txt", "licences/law/notes.txt"),
            ("licences/notes.txt", "licences/notes.txt"),
        ] {
            let path = try folder.write("mine", "out/" + name)
            expectError(.cannotCreate, ["out holds what belongs to no model: \(shown)", "--force"]) {
                _ = try prepare(force: true)
            }
            #expect(try folder.text("out/" + name) == "mine" && folder.entries() == ["out"])
            try FileManager.default.removeItem(atPath: path)
            try? FileManager.default.removeItem(atPath: folder.path + "/out/third")
            for empty in [".git", "src"] { rmdir(folder.path + "/out/" + empty) }
        }
        // Without weights it is no model, whatever the names are.
        try folder.write("mine", "project/README.md")
        try folder.write("mine", "project/main.py")
        expectError(.cannotCreate, ["project holds what belongs to no model: README.md, main.py"]) {
            _ = try prepare("project", force: true)
        }
        for number in 0..<9 { try folder.write("mine", "many/\(number).txt") }
        expectError(.cannotCreate, ["0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 4 more"]) {
            _ = try prepare("many", force: true)
        }
    }

    @Test("Force replaces what a run has written along, as recipe.lock.json tells, and not what was put beside it")
    func carried() throws {
        try folder.write("old", "out/model.safetensors")
        let files = ["modules.json", "1_Pooling/config.json", "tekken.json"]
        for name in files { try folder.write("old", "out/" + name) }
        try prepare(force: true).abandon()
        for name in ["words.txt", "2_Normalize/config.json", "code/x.py"] { try folder.write("old", "out/" + name) }
        let foreign = "2_Normalize/, code/, words.txt"
        expectError(.cannotCreate, ["belongs to no model: \(foreign)"]) { _ = try prepare(force: true) }
        for text in [
            "{", "[]", "{\"carried\": 1}", "{\"carried\": [\"code\", \"2_Normalize/\", \"*\", \"./words.txt\"]}",
        ] {
            try folder.write(text, "out/recipe.lock.json")
            expectError(.cannotCreate, ["belongs to no model: \(foreign)"]) { _ = try prepare(force: true) }
        }
        try folder.write(
            "{\"carried\": [\"words.txt\", \"2_Normalize/config.json\", \"code/x.py\", \"gone\"]}",
            "out/recipe.lock.json")
        try prepare(force: true).abandon()
        for name in ["2_Normalize/mine.txt", "mine.txt"] {
            try folder.write("mine", "out/" + name)
            expectError(.cannotCreate, ["belongs to no model"]) { _ = try prepare(force: true) }
            try FileManager.default.removeItem(atPath: folder.path + "/out/" + name)
        }
        // A model within the output has a record of its own.
        try folder.write("old", "out/second/model.safetensors")
        try folder.write("old", "out/second/words.txt")
        expectError(.cannotCreate, ["second/words.txt"]) { _ = try prepare(force: true) }
        try folder.write("{\"carried\": [\"words.txt\"]}", "out/second/recipe.lock.json")
        try prepare(force: true).abandon()
    }

    @Test("What appears in the meantime is not replaced with force either, and the result is kept")
    func foreignSince() throws {
        try folder.write("old", "out/model.safetensors")
        let directory = try prepare(force: true)
        try fill(directory)
        try folder.write("mine", "out/notes.txt")
        expectError(.cannotCreate, ["notes.txt", "since the run began", "the result is in \(folder.path)/out-"]) {
            try directory.commit()
        }
        #expect(try folder.text("out/notes.txt") == "mine" && folder.entries().count == 2)
    }

    @Test("A target that has appeared since is not replaced without force")
    func appeared() throws {
        let directory = try prepare()
        try fill(directory)
        try folder.write("another's", "out/model.safetensors")
        expectError(.cannotCreate, ["/out", "since the run began", "--force"]) { try directory.commit() }
        directory.abandon()
        #expect(try folder.text("out/model.safetensors") == "another's")
        // The work is not lost.
        let kept = try #require(try folder.entries().first { $0.hasPrefix("out-") })
        #expect(try folder.text(kept + "/model") == "new" && folder.entries() == ["out", kept])
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
        expectError(.cannotCreate, ["names nothing that can be written"]) {
            _ = try OutputDirectory.prepare(target: name, force: true)
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

    @Test("Of two runs into one target the second is told at its start")
    func busy() throws {
        let live = try prepare()
        try fill(live)
        expectError(.cannotCreate, ["another run is writing to", "/out (process \(getpid()))"]) { _ = try prepare() }
        try prepare("other").abandon()
        try live.commit()
        #expect(try folder.entries() == ["out"] && folder.entries("out") == ["model"])
    }

    /// The lock of a run that is no more, with what it has noted.
    private func leave(_ words: [String], beside name: String = ".out.dppa.lock") throws {
        try folder.write(([ProcessInfo.processInfo.hostName, "1"] + words).joined(separator: "\0"), name)
    }

    @Test("What a dead run left is removed, and nothing that no run has made")
    func leftovers() throws {
        try leave([".out.dppa-aaaaaaaa"])
        try folder.write("half", ".out.dppa-aaaaaaaa/model.safetensors")
        try folder.write("mine", ".out.dppa-cccccccc/file")
        try prepare().abandon()
        // A run that was killed while it wrote over a longer note.
        try leave([".out.dppa-bbbbbbbb", "", "rest of an old name"])
        try folder.write("half", ".out.dppa-bbbbbbbb/model.safetensors")
        try prepare().abandon()
        #expect(try folder.entries() == [".out.dppa-cccccccc"])
        // A note by somebody else leads nowhere.
        try folder.write("mine", "precious/file")
        for note in ["precious", "../precious", ".out.dppa-x/../precious", ".other.dppa-aaaaaaaa"] {
            try leave([note])
            try prepare().abandon()
            try leave([".out.dppa-aaaaaaaa", "contents", "../precious", "..", "."])
            try prepare().abandon()
        }
        #expect(try folder.entries() == [".out.dppa-cccccccc", "precious"] && folder.text("precious/file") == "mine")
    }

    @Test("A target that a dead run had moved aside comes back")
    func aside() throws {
        try leave([".out.dppa-aaaaaaaa"])
        try folder.write("new", ".out.dppa-aaaaaaaa/model")
        try folder.write("old", ".out.dppa-aaaaaaaa.old/model.safetensors")
        #expect(throws: DPPAError.self) { try prepare() }
        #expect(try folder.entries() == ["out"])
        #expect(try folder.text("out/model.safetensors") == "old")
    }
}
