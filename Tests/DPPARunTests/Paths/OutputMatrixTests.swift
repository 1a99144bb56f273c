import Foundation
import Testing

/// Where a model is written: each place × each fault, and outputs that are one another or an input.
@Suite("Output directories")
struct OutputMatrixTests {
    private static let zoo = Folders.recipes + "/zoo"

    /// A folder with two small models, a recipe of them that says when it begins, and things in the way.
    private func place() throws -> Scratch {
        let scratch = try Scratch()
        _ = try scratch.write(
            """
            local dppa = require "dppa.v1"
            print "at work"
            local base, law = dppa.model "models/base", dppa.model "models/law"
            return base + 0.5 * (law - base)
            """, "r.lua")
        _ = try scratch.write("as it was", "file")
        _ = try scratch.write("as it was", "folder/notes.txt")
        _ = try scratch.write("return {}", "lib/rules.lua")
        for name in ["base", "law"] {
            try FileManager.default.createDirectory(
                atPath: scratch.path + "/models/" + name, withIntermediateDirectories: true)
            for file in ["config.json", "model.safetensors"] {
                try FileManager.default.copyItem(
                    atPath: "\(Self.zoo)/\(name)/\(file)", toPath: "\(scratch.path)/models/\(name)/\(file)")
            }
        }
        for (name, goal) in [("nowhere", "gone"), ("alias", "models")] { symlink(goal, scratch.path + "/" + name) }
        return scratch
    }

    private func entries(_ path: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
    }

    /// Words of the command line after the recipe, and words of the refusal.
    struct Refusal: CustomTestStringConvertible, Sendable {
        let words: [String]
        let reason: String
        var testDescription: String { words.joined(separator: " ") }
        init(_ words: String..., reason: String) { (self.words, self.reason) = (words, reason) }
    }

    static let refusals = [
        Refusal("--out", "", reason: "'' names nothing that can be written"),
        Refusal("--out", "/", reason: "'/' names nothing that can be written"),
        Refusal("--out", ".", reason: "'.' names nothing that can be written"),
        Refusal("--out", "file", reason: "file exists: it is no folder"),
        Refusal("--out", "file", "--force", reason: "file exists: it is no folder"),
        Refusal("--out", "file/out", reason: "file is no folder but a file"),
        Refusal("--out", "nowhere", reason: "nowhere exists: it is a link"),
        Refusal("--out", "nowhere/out", reason: "cannot create the folder"),
        Refusal("--out", "folder", reason: "folder exists"),
        Refusal("--out", "folder", "--force", reason: "folder holds what belongs to no model: notes.txt"),
        Refusal("--out", "/proc/none/out", reason: "/proc/none"),
        // Outputs that are one another.
        Refusal("--out", "out", "--json", "out", reason: "--json out and --out out are one place"),
        Refusal("--out", "out", "--json", "x", "--report", "./x", reason: "--json x and --report ./x are one place"),
        Refusal("--out", "out", "--json", "-", "--report", "-", reason: "--json - and --report - are one place"),
        Refusal("--out", "out", "--json", "out.scores.jsonl", reason: "are one place"),
        Refusal("--out", "out", "--json", "out/x.json", reason: "--json out/x.json lies in --out out"),
        Refusal("--out", "new/out", "--report", "new/out/a/b", reason: "lies in --out new/out"),
        Refusal("--out", "a/b", "--json", "a", reason: "--out a/b lies in --json a"),
        // Outputs that are inputs.
        Refusal("--out", "models/base", "--force", reason: "--out models/base and the input ./models/base"),
        Refusal("--out", "models", "--force", reason: "--out models and the input ./models/base"),
        Refusal("--out", "alias/base", "--force", reason: "--out alias/base and the input ./models/base"),
        Refusal("--out", "models/base/new", reason: "--out models/base/new and the input ./models/base"),
        Refusal("--out", "lib/new", reason: "--out lib/new and the input"),
        Refusal("--out", "out", "--json", "r.lua", reason: "--json r.lua and the input r.lua"),
        Refusal("--out", "out", "--json", "lib/rules.lua", reason: "--json lib/rules.lua and the input"),
        Refusal(
            "--out", "out", "--report", "models/law/config.json",
            reason: "--report models/law/config.json and the input ./models/law"),
        Refusal(
            "--out", "out", "--json", "models/law/model.safetensors",
            reason: "--json models/law/model.safetensors and the input ./models/law"),
        // Candidates.
        Refusal("--out", "out", "--evaluator", "true", "--scratch", "file", reason: "it is no folder"),
        Refusal("--out", "out", "--evaluator", "true", "--scratch", "file/x", reason: "file is no folder but a file"),
        Refusal("--out", "out", "--evaluator", "true", "--scratch", "nowhere", reason: "nowhere"),
        Refusal("--out", "out", "--evaluator", "true", "--scratch", "", reason: "names nothing"),
        Refusal("--out", "out", "--evaluator", "true", "--scratch", "/proc/none", reason: "/proc/none"),
    ]

    @Test("What cannot be is refused with the reason, before anything is written or read", arguments: refusals)
    func refused(_ refusal: Refusal) throws {
        let scratch = try place()
        let before = try entries(scratch.path)
        let result = try Shell.run("$dppa run r.lua \"$@\"", refusal.words, in: scratch)
        #expect(result.code == 73 && result.errors.contains(refusal.reason), "\(result)")
        #expect(!result.errors.contains("NSCocoa") && !result.errors.contains("GB/s"))
        // An input that the recipe names is known when the recipe has come to it.
        #expect(!result.output.contains("at work") || refusal.reason.contains("./models/"))
        #expect(try entries(scratch.path) == before)
        for file in ["file", "folder/notes.txt"] {
            #expect(try String(contentsOfFile: scratch.path + "/" + file, encoding: .utf8) == "as it was")
        }
    }

    @Test(
        "Places that look odd are written, with the folders above them",
        arguments: ["o", "./o", "a/b/c", "o/", "größe/ü", "-o", "folder/../o", "folder/inner", "models/merged", "o.d"])
    func written(_ out: String) throws {
        let scratch = try place()
        let result = try Shell.run("$dppa run r.lua --quiet \"--out=$1\"", [out], in: scratch)
        #expect(result.code == 0, "\(result)")
        let path = scratch.path + "/" + out
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).contains("model.safetensors"))
        #expect(try !entries(scratch.path).contains { $0.contains(".dppa") })
    }

    @Test("A file that an input's links lead to is not replaced")
    func blobs() throws {
        let scratch = try place()
        let result = try Shell.run(
            """
            mkdir -p snapshot; mv models/law blobs
            ln -s ../blobs/model.safetensors ../blobs/config.json snapshot; mkdir -p models; mv snapshot models/law
            ln -sfn ../../blobs/model.safetensors models/law/model.safetensors
            ln -sfn ../../blobs/config.json models/law/config.json
            $dppa run r.lua --quiet --out blobs --force; code=$?
            ls blobs; exit $code
            """, in: scratch)
        #expect(result.code == 73 && result.errors.contains("--out blobs and the input ./models/law"), "\(result)")
        #expect(result.output.hasSuffix("config.json\nmodel.safetensors\n"))
    }

    @Test("With force a link is replaced, and what it leads to stays; without, neither")
    func links() throws {
        let scratch = try place()
        let script = """
            cp -r models/base real; echo mine > real/notes.txt; ln -s real out
            $dppa run r.lua --quiet --out out; echo $?
            $dppa run r.lua --quiet --out out/ --force; echo $?
            test -d out -a ! -L out && ls real; $dppa run r.lua --quiet --out out --force; echo $?
            """
        let result = try Shell.run(script, in: scratch)
        #expect(
            result.output.replacing("at work\n", with: "")
                == "73\n0\nconfig.json\nmodel.safetensors\nnotes.txt\n0\n", "\(result)")
    }

    @Test("A name that is not UTF-8 is refused rather than changed")
    func unicode() throws {
        let scratch = try place()
        let result = try Shell.run("$dppa run r.lua --quiet --out $'b\\xffd'", in: scratch)
        #expect(result.code == 64 && result.errors.contains("argument 5 is not UTF-8"), "\(result)")
    }

    @Test("A comma in a path of a list is written with a backslash")
    func comma() throws {
        let scratch = try place()
        let result = try Shell.run(
            """
            mv models/law 'models/l,aw'
            $dppa run '\(Folders.recipes)/average.lua' --quiet --out out --set 'experts=models/base,models/l\\,aw'
            """, in: scratch)
        #expect(result.code == 0, "\(result)")
        let plain = try Shell.run(
            "$dppa check '\(Folders.recipes)/average.lua' --set 'experts=models/base,models/l,aw'", in: scratch)
        #expect(plain.code == 66 && plain.errors.contains("'models/l'"))
    }

    @Test(
        "new writes what it can name",
        arguments: [
            ("", 64, "no name of a recipe"), ("/", 64, "no name of a recipe"), ("a/", 64, "no name of a recipe"),
            ("..", 64, "no name of a recipe"), ("r.lua", 73, "r.lua exists"), ("r", 73, "r.lua exists"),
            ("file/x", 73, "file is no folder"), ("x", 0, ""), ("a/b/x", 0, ""), ("ü.lua", 0, ""),
        ])
    func new(name: String, code: Int32, reason: String) throws {
        let scratch = try place()
        let result = try Shell.run("$dppa new \"$1\"", [name], in: scratch)
        #expect(result.code == code && (reason.isEmpty || result.errors.contains(reason)), "\(result)")
        let path = scratch.path + "/" + (name.hasSuffix(".lua") ? name : name + ".lua")
        if code == 0 { #expect(try String(contentsOfFile: path, encoding: .utf8).contains("dppa.v1")) }
        #expect(try !entries(scratch.path).contains { $0.hasSuffix("/.lua") || $0 == ".lua" })
    }
}
