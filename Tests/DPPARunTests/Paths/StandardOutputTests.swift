import Foundation
import Testing

/// Standard output that is full or closed: told or passed over, and files are written regardless of it.
@Suite("Standard output")
struct StandardOutputTests {
    private static let zoo = Folders.recipes + "/zoo"

    static let commands = [
        ["check", Folders.recipes + "/ties.lua"], ["plan", Folders.recipes + "/ties.lua"],
        ["plan", Folders.recipes + "/ties.lua", "--json", "-"],
        ["measure", Folders.recipes + "/dp.lua"], ["measure", Folders.recipes + "/slerp.lua", "--report", "-"],
        ["try", Folders.recipes + "/ties.lua", "--tensors", "*.layers.3.*"],
        ["inspect", zoo + "/base"], ["diff", zoo + "/base", zoo + "/law"],
        ["eval", zoo + "/base", "--task", "task.jsonl", "--quiet"],
        ["help"], ["help", "top"], ["help", "run"], ["help", Folders.recipes + "/ties.lua"], ["--help"], ["--version"],
        ["new", "mine"], ["run", "--help"], ["--generate-completion-script", "bash"],
    ]

    private func place() throws -> Scratch {
        let scratch = try Scratch()
        _ = try scratch.write("{\"prompt\": [1, 2], \"target\": [3]}\n", "task.jsonl")
        return scratch
    }

    @Test("A line that cannot be written makes the exit code one", arguments: commands)
    func full(_ words: [String]) throws {
        let result = try Shell.run("$dppa \"$@\" > /dev/full", words, in: place())
        #expect(result.code == 74, "\(result)")
        #expect(result.errors.contains("cause: No space left on device") && result.errors.contains("write"))
    }

    @Test("A closed pipe ends a command without a word", arguments: commands)
    func closed(_ words: [String]) throws {
        let result = try Shell.run(
            "mkfifo end; { read -r line < end; \"$dppa\" \"$@\"; echo $? > code; } | { exec <&-; echo > end; }; cat code",
            words, in: place())
        #expect(result.output == "0\n" && result.errors.isEmpty, "\(result)")
    }

    @Test(
        "Files are written whatever standard output is", arguments: ["> /dev/full", "| exit 0", "| head -n 1", ">&-"])
    func files(_ end: String) throws {
        let scratch = try place()
        _ = try Shell.run(
            "$dppa measure '\(Folders.recipes)/dp.lua' --json j --report p \(end); "
                + "$dppa run '\(Folders.recipes)/dp.lua' --out o --json k \(end); "
                + "$dppa plan '\(Folders.recipes)/dp.lua' --json l \(end); "
                + "$dppa diff \(Self.zoo)/base \(Self.zoo)/law --json m \(end); "
                + "$dppa eval \(Self.zoo)/base --task task.jsonl --json n \(end)", in: scratch)
        for name in ["j", "p", "k", "l", "m", "n", "o/model.safetensors"] {
            let size = try FileManager.default.attributesOfItem(atPath: scratch.path + "/" + name)[.size] as? Int
            #expect((size ?? 0) > 100, "\(name)")
        }
    }

    @Test("With standard output closed nothing that is printed goes into a file")
    func closedStream() throws {
        let result = try Shell.run(
            """
            $dppa run '\(Folders.recipes)/ties.lua' --quiet --out a; $dppa inspect a/ | grep -c . > lines
            $dppa run '\(Folders.recipes)/ties.lua' --out b >&- 2>&-; cmp a/model.safetensors b/model.safetensors && echo same
            $dppa inspect a >&-; echo $?
            """, in: place())
        #expect(result.output == "same\n74\n" && result.errors.contains("Bad file descriptor"), "\(result)")
    }

    @Test("Standard error that cannot be written changes nothing", arguments: ["/dev/full", "/dev/null", "&-"])
    func errors(_ target: String) throws {
        let scratch = try place()
        let result = try Shell.run(
            "$dppa run '\(Folders.recipes)/ties.lua' --out o 2>\(target); echo $?; $dppa run none.lua --out p 2>\(target); echo $?",
            in: scratch)
        #expect(result.output == "0\n66\n", "\(result)")
    }

    @Test("A report to the file that standard output is goes there once")
    func sameFile() throws {
        let result = try Shell.run(
            "$dppa plan '\(Folders.recipes)/ties.lua' --json out > out; cat out; ls", in: place())
        #expect(result.code == 0 && result.output.hasPrefix("{\n") && result.output.hasSuffix("}\nout\ntask.jsonl\n"))
    }
}
