import Foundation
import Testing

/// Each option that names a file to be written × each path that it may be given, with the built program.
@Suite("Files that commands write")
struct WrittenFileMatrixTests {
    /// A command with PATH where the file is named.
    struct Door: CustomTestStringConvertible, Sendable {
        let name: String
        let arguments: [String]
        var testDescription: String { name }
    }

    private static let zoo = Folders.recipes + "/zoo"
    static let doors = [
        Door(name: "run --json", arguments: ["run", "r.lua", "--out", "result", "--json", "PATH"]),
        Door(name: "run --report", arguments: ["run", "r.lua", "--out", "result", "--report", "PATH"]),
        Door(name: "measure --json", arguments: ["measure", "r.lua", "--json", "PATH"]),
        Door(name: "measure --report", arguments: ["measure", "r.lua", "--report", "PATH"]),
        Door(name: "plan --json", arguments: ["plan", "r.lua", "--json", "PATH"]),
        Door(name: "diff --json", arguments: ["diff", zoo + "/base", zoo + "/law", "--json", "PATH"]),
        Door(
            name: "eval --json",
            arguments: ["eval", zoo + "/base", "--task", "task.jsonl", "--quiet", "--json", "PATH"]),
        Door(name: "reference page", arguments: ["reference", "PATH", "stubs"]),
    ]

    /// A path where nothing can be written, and words of the reason.
    struct Fault: CustomTestStringConvertible, Sendable {
        let path: String
        let reason: String
        var testDescription: String { "'\(path)'" }
    }

    static let faults = [
        Fault(path: "", reason: "without a name"),
        Fault(path: "/", reason: "it is a folder"),
        Fault(path: ".", reason: "it is a folder"),
        Fault(path: "..", reason: "it is a folder"),
        Fault(path: "folder", reason: "it is a folder"),
        Fault(path: "folder/", reason: "it is a folder"),
        Fault(path: "new/", reason: "it names a folder"),
        Fault(path: "tó-folder", reason: "it is a folder"),
        Fault(path: "nowhere", reason: "a link that leads nowhere"),
        Fault(path: "file/x", reason: "file is no folder but a file"),
        Fault(path: "file/x/y", reason: "file is no folder but a file"),
        Fault(path: "nowhere/x", reason: "cannot create the folder"),
        Fault(path: "none/../x", reason: "no folder none/.."),
        // Not even the superuser may write there.
        Fault(path: "/proc/none", reason: "/proc"),
        Fault(path: "/proc/none/x", reason: "/proc/none"),
        Fault(path: "/proc/version", reason: "/proc"),
        Fault(path: String(repeating: "ä", count: 200), reason: "name too long"),
    ]

    /// What a recipe prints is the sign that work has begun.
    private func place() throws -> Scratch {
        let scratch = try Scratch()
        _ = try scratch.write(
            """
            local dppa = require "dppa.v1"
            print "at work"
            local base, law = dppa.model "zoo/base", dppa.model "zoo/law"
            dppa.mean(law - base, "model"):named "m"
            return law
            """, "r.lua")
        _ = try scratch.write("{\"prompt\": [1, 2], \"target\": [3]}\n", "task.jsonl")
        _ = try scratch.write("as it was", "file")
        for name in ["folder", "ó-folder"] { mkdir(scratch.path + "/" + name, 0o777) }
        for (name, goal) in [("nowhere", "gone"), ("alias", "file"), ("tó-folder", "ó-folder"), ("r", "r.lua")] {
            symlink(goal, scratch.path + "/" + name)
        }
        return scratch
    }

    private func run(_ door: Door, _ path: String, in scratch: Scratch) throws -> CommandLineTests.Result {
        let models = ["run", "measure", "plan"].contains(door.arguments[0]) ? ["--models", Folders.recipes] : []
        return try Shell.run(
            "$dppa \"$@\"", door.arguments.map { $0 == "PATH" ? path : $0 } + models, in: scratch)
    }

    private func entries(_ path: String) throws -> Set<String> {
        Set(try FileManager.default.subpathsOfDirectory(atPath: path))
    }

    @Test(
        "What cannot be written is refused before the work, with the path and the reason, and nothing is left",
        arguments: doors, faults)
    func refused(_ door: Door, _ fault: Fault) throws {
        let scratch = try place()
        let before = try entries(scratch.path)
        let result = try run(door, fault.path, in: scratch)
        #expect(result.code == 73, "\(result)")
        #expect(result.errors.contains("cannot write \(fault.path.isEmpty ? "a file" : fault.path)"), "\(result)")
        #expect(result.errors.contains(fault.reason) && !result.errors.contains("NSCocoa"), "\(result)")
        #expect(result.output.isEmpty && !result.errors.contains("at work"))
        #expect(try entries(scratch.path) == before)
        #expect(try String(contentsOfFile: scratch.path + "/file", encoding: .utf8) == "as it was")
    }

    /// All of them with one door, and two with each: all doors write by the same rule.
    static let odd: [(Door, String)] =
        ["-x-", "./y", "folder/z", "folder//z", "folder/../x", "größe/ü", "alias", "file"].map { (doors[4], $0) }
        + doors.flatMap { [($0, "x"), ($0, "a/b/c")] }

    @Test("Paths that look odd are written, with the folders above them", arguments: odd)
    func written(door: Door, path: String) throws {
        let scratch = try place()
        // A word that begins with a dash would be an option.
        let given = path == "-x-" ? "./-x-" : path
        let result = try run(door, given, in: scratch)
        #expect(result.code == 0, "\(result)")
        let text = try String(contentsOfFile: scratch.path + "/" + given, encoding: .utf8)
        #expect(text.count > 40 && !text.contains("\\/"))
        let names = try entries(scratch.path)
        #expect(!names.contains { $0.contains(".dppa-") }, "\(names)")
        // A link to a file stays one.
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: scratch.path + "/alias") == "file")
    }

    @Test("A dash is standard output, and nothing else goes there", arguments: doors)
    func standardOutput(_ door: Door) throws {
        let scratch = try place()
        let result = try run(door, "-", in: scratch)
        #expect(result.code == 0, "\(result)")
        #expect(try !entries(scratch.path).contains("-"))
        if door.name.hasSuffix("json") {
            #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(result.output.utf8)) }
        } else {
            #expect(
                result.output.hasPrefix(
                    door.name.hasSuffix("report") ? "<!DOCTYPE" : "# "))
        }
        #expect(["run", "measure"].contains(door.arguments[0]) == result.errors.contains("at work"))
    }

    @Test("Devices and pipes are written to and stay", arguments: doors)
    func devices(_ door: Door) throws {
        let scratch = try place()
        let words = door.arguments.map { $0 == "PATH" ? "/dev/null" : $0 } + ["--models", Folders.recipes]
        let models = ["run", "measure", "plan"].contains(door.arguments[0]) ? words : Array(words.dropLast(2))
        #expect(try Shell.run("$dppa \"$@\" && test -c /dev/null", models, in: scratch).code == 0)
        let piped = try Shell.run(
            "rm -rf result; mkfifo pipe; timeout -s KILL 60 cat pipe > seen & $dppa \"$@\"; wait; test -p pipe && test -s seen",
            models.map { $0 == "/dev/null" ? "pipe" : $0 }, in: scratch)
        #expect(piped.code == 0, "\(piped)")
        try? FileManager.default.removeItem(atPath: scratch.path + "/result")
        let full = try run(door, "/dev/full", in: scratch)
        #expect(full.code == 74 && full.errors.contains("No space left"), "\(full)")
    }
}
