import Foundation
import Testing

/// What a recipe may take: time, written bytes, open files.
@Suite("Limits of a run")
struct LimitTests {
    private static let ties = Folders.recipes + "/ties.lua"
    private static let zoo = Folders.recipes + "/zoo"

    @Test(
        "A run ends at its limit, says which option allows more, and leaves nothing",
        arguments: [
            (["--limit-written", "4M"], "the limit is 4.0 MB", "--limit-written"),
            (["--limit-time", "0.000001s"], "the run has taken", "--limit-time"),
        ])
    func reached(words: [String], reason: String, option: String) throws {
        let scratch = try Scratch()
        let result = try Shell.run(
            "$dppa run '\(Self.ties)' --quiet --out o \"$@\"; echo $?; ls -A", words, in: scratch)
        #expect(result.output == "75\n", "\(result)")
        #expect(result.errors.contains(reason) && result.errors.contains(option), "\(result)")
    }

    @Test(
        "Scoring and comparing a stranger's models have the same limit",
        arguments: ["eval '\(zoo)/base' --task '\(zoo)/eval/law.jsonl'", "diff '\(zoo)/base' '\(zoo)/law'"])
    func others(command: String) throws {
        let result = try Shell.run("$dppa \(command) --limit-time 0.000001s; echo $?", in: Scratch())
        #expect(result.output == "75\n", "\(result)")
        #expect(result.errors.contains("the run has taken") && result.errors.contains("--limit-time"), "\(result)")
        let help = try Shell.run("for c in run eval diff; do $dppa help $c | grep -A1 limit-time; done", in: Scratch())
        #expect(help.output.components(separatedBy: "How long it may work").count == 4, "\(help)")
        #expect(help.output.components(separatedBy: "(default: 7d)").count == 4, "\(help)")
    }

    @Test("Models and candidates together count as written")
    func sum() throws {
        let scratch = try Scratch()
        _ = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base, law = dppa.model "zoo/base", dppa.model "zoo/law"
            dppa.score({ base, law }, { "external:one" })
            return base
            """, "r.lua")
        // A model of the zoo has 4.9 MB; two candidates and the result are three.
        for (limit, code) in [("14M", 75), ("15M", 0)] {
            let result = try Shell.run(
                """
                $dppa run r.lua --models '\(Folders.recipes)' --quiet --out o --force --limit-written \(limit) \
                  --evaluator 'echo "{\\"one\\": 1}"; : {model}'; echo $?; rm -f *.jsonl; ls -A
                """, in: scratch)
            #expect(result.output.hasPrefix("\(code)\n") && !result.output.contains("candidate"), "\(result)")
            #expect(result.output.contains("\no\n") == (code == 0), "\(result)")
        }
    }

    @Test("plan shows the limits, which are generous unless they are given")
    func shown() throws {
        let scratch = try Scratch()
        let result = try Shell.run(
            "$dppa plan '\(Self.ties)'; $dppa plan '\(Self.ties)' --limit-time 90m --limit-written 3G --json j; cat j",
            in: scratch)
        #expect(result.output.contains("limits    at most 7 d and 2000.0 GB written"), "\(result)")
        #expect(result.output.contains("limits    at most 1.5 h and 3.0 GB written"), "\(result)")
        #expect(
            result.output.contains("\"limit_seconds\" : 5400")
                && result.output.contains("\"limit_written_bytes\" : 3000000000"))
    }

    @Test(
        "What is no limit is a usage error",
        arguments: [
            ["--limit-time", "0"], ["--limit-time", "-1h"], ["--limit-time", "soon"], ["--limit-time", ""],
            ["--limit-time", "nan"], ["--limit-time", "9e99d"], ["--limit-written", "0"], ["--limit-written", "much"],
        ])
    func usage(words: [String]) throws {
        let result = try Shell.run("$dppa plan '\(Self.ties)' \"$1=$2\"", words, in: "/tmp")
        #expect(result.code == 64 && result.errors.contains(words[0]), "\(result)")
    }

    /// Four models of 57 files each, and what they give without a limit.
    private static let shards = """
        for m in base math finance law; do
          echo 'return require("dppa.v1").model("zoo/'$m'")' > $m.lua
          $dppa run $m.lua --models '\(Folders.recipes)' --quiet --out $m --shard-size 1K
        done
        merge="$dppa run \(ties) --quiet --set base=base --set experts=math,finance,law --shard-size 1K"
        $merge --out free; ls free/*.safetensors | wc -l
        """

    @Test("More files than may be open at once are opened as they are needed", arguments: [64, 256])
    func manyFiles(limit: Int) throws {
        let scratch = try Scratch()
        let result = try Shell.run(
            Self.shards + "; (ulimit -n \(limit); $merge --out few; echo $?); diff -rq free few && echo same",
            in: scratch)
        #expect(result.output == "57\n0\nsame\n", "\(result)")
    }

    @Test("Where a program may have next to no file open it says what to do")
    func fewFiles() throws {
        let result = try Shell.run(
            "(ulimit -n 9; $dppa run '\(Self.ties)' --quiet --out o; echo $?)", in: Scratch())
        #expect(!result.output.hasPrefix("0") && result.errors.contains("ulimit -n"), "\(result)")
    }

    @Test("The soft limit of open files is raised")
    func raised() throws {
        let scratch = try Scratch()
        _ = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base = dppa.model "zoo/base"
            print(dppa.score({ base }, { "external:limit" })[1].limit)
            return base
            """, "r.lua")
        let result = try Shell.run(
            """
            ulimit -Sn 100; $dppa run r.lua --models '\(Folders.recipes)' --quiet --out o \
              --evaluator 'echo "{\\"limit\\": $(ulimit -Sn)}"; : {model}'
            """, in: scratch)
        #expect((Double(result.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0) > 100, "\(result)")
    }
}
