import DPPA
import Foundation
import Testing

/// What reaches a terminal: nothing of a stranger's that steers it, and colour where it is wanted.
@Suite struct TerminalTests {
    /// Escape, bell, C1, DEL and marks that turn text around, with the letters between them.
    static let hostile = "a\u{1B}[2Jb\u{07}c\u{9B}31md\u{7F}e\u{202E}f\u{2028}g\u{0D}h"

    /// What is left of it on the screen.
    static let tamed =
        "a\\u{1B}[2Jb\\u{07}c\\u{009B}31md\\u{7F}e\\u{202E}f\\u{2028}g\\rh"

    /// Whether a text holds anything but lines, tabs and what is to be seen.
    private func isTame(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            let isControl = scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
            return !isControl && scalar.properties.generalCategory != .lineSeparator && scalar.value != 0x202E
        }
    }

    @Test func printErrorAndNamesAreShownEscaped() throws {
        let scratch = try Scratch()
        try EdgeCaseTests.write(scratch, "m", [(Self.hostile, [2], [1, 2])])
        let config = try JSONSerialization.data(withJSONObject: ["architectures": [Self.hostile]])
        try config.write(to: URL(fileURLWithPath: scratch.path + "/m/config.json"))
        // Lua writes the same bytes by their numbers.
        let bytes = Self.hostile.utf8.map { "\\\($0 < 100 ? "0" : "")\($0 < 10 ? "0" : "")\($0)" }.joined()
        _ = try scratch.write("print(\"\(bytes)\")\nerror(\"\(bytes)\")\n", "text.lua")
        let commands = [
            "run text.lua --out o", "inspect m --tensors", "inspect \"$1\"", "check \"$1\"", "help \"$1\"",
            "check text.lua --set \"$1\"", "diff m m --tensors", "eval m --task \"$1\"", "new \"$1/\"",
            "check text.lua --\"$1\"",
        ]
        for command in commands {
            let result = try Shell.run("\"$dppa\" \(command)", [Self.hostile], in: scratch.path)
            let all = result.output + result.errors
            #expect(isTame(all), "\(command): \(all.debugDescription)")
            if command.contains("$1") || command.hasPrefix("run") || command.contains("--tensors") {
                #expect(all.contains(Self.tamed), "\(command): \(all.debugDescription)")
            }
        }
    }

    @Test func jsonOnStandardOutputIsTameAndMeansTheSame() throws {
        let scratch = try Scratch()
        let name = Self.hostile + "\u{200F}\u{2066}\u{61C}\"\\"
        try EdgeCaseTests.write(scratch, "m", [(name, [2], [1, 2])])
        _ = try scratch.write(
            "local m = require(\"dppa.v1\").model \"m\"\nprint(\"\u{9B}31m\u{202E}\")\nreturn m\n", "r.lua")
        for command in ["inspect m", "diff m m", "run r.lua --out o --quiet"] {
            let result = try Shell.run(
                "$dppa \(command) --json -; $dppa \(command) --force --json f 2>/dev/null", in: scratch.path)
            #expect(
                isTame(result.output) && !result.output.contains("\u{2066}"),
                "\(command): \(result.output.debugDescription)")
            #expect(
                result.output.lowercased().contains(command.hasPrefix("run") ? "u{009b}31m" : #"\u009b31m"#),
                "\(command): \(result.output)")
        }
        let result = try Shell.run("$dppa inspect m --json -", in: scratch.path)
        let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        let tensors = try #require(object?["tensors"] as? [[String: Any]])
        #expect(tensors.map { $0["name"] as? String } == [name])
    }

    @Test func aNameWithALineBreakStaysInItsLine() throws {
        let scratch = try Scratch()
        try EdgeCaseTests.write(scratch, "m", [("a\nerror: b", [2], [1, 2])])
        for command in ["inspect m --tensors", "diff m m --tensors"] {
            let result = try Shell.run("\"$dppa\" \(command)", in: scratch.path)
            #expect(result.code == 0 && result.output.contains("a\\nerror: b"), "\(result.output)\(result.errors)")
            #expect(!result.output.contains("\nerror"))
        }
    }

    @Test(arguments: Array(0..<32) + [127] + Array(128..<160))
    func noControlCharacterIsPrinted(_ code: Int) throws {
        let scalar = try #require(Unicode.Scalar(code))
        let text = "x\(Character(scalar))y".printable
        let stays = code == 9 || code == 10
        #expect(text.unicodeScalars.contains(scalar) == stays)
        #expect(stays || text.hasPrefix("x\\") && text.hasSuffix("y"))
        #expect("größer 模型 e\u{301} 👩‍🔬".printable == "größer 模型 e\u{301} 👩‍🔬")
    }

    /// The program on a pseudo-terminal.
    private func onTerminal(_ command: String, _ variables: String, _ scratch: Scratch) throws -> String {
        try Shell.run(
            "env -u NO_COLOR \(variables) script -qec \"$dppa \(command)\" /dev/null </dev/null", in: scratch.path
        )
        .output
    }

    @Test func errorsWarningsNotesAndHeadingsHaveColourOnATerminal() throws {
        let scratch = try Scratch()
        _ = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local m = dppa.model "m"
            local mask = dppa.weights(m):gt(0)
            return m
            """, "trap.lua")
        try EdgeCaseTests.write(scratch, "m", [("a.weight", [2], [1, 2])])
        let red = try onTerminal("check nowhere", "TERM=xterm", scratch)
        #expect(red.contains("\u{1B}[1;31merror\u{1B}[0m: there is no recipe 'nowhere'"), "\(red.debugDescription)")
        let yellow = try onTerminal("check trap.lua", "TERM=xterm", scratch)
        #expect(yellow.contains("trap.lua:3:\u{1B}[0m \u{1B}[1;33mwarning\u{1B}[0m: "), "\(yellow.debugDescription)")
        #expect(yellow.contains("\u{1B}[1;34mnote\u{1B}[0m: "), "\(yellow.debugDescription)")
        let bold = try onTerminal("diff m m", "TERM=xterm", scratch)
        #expect(bold.hasPrefix("\u{1B}[1m"), "\(bold.debugDescription)")
        for variables in ["TERM=dumb", "TERM=xterm NO_COLOR=1", "TERM="] {
            for command in ["check nowhere", "check trap.lua", "diff m m"] {
                let plain = try onTerminal(command, variables, scratch)
                #expect(!plain.isEmpty && !plain.contains("\u{1B}"), "\(variables): \(plain.debugDescription)")
            }
        }
        let piped = try Shell.run("TERM=xterm \"$dppa\" check nowhere", in: scratch.path)
        #expect(!piped.errors.contains("\u{1B}"))
    }
}
