import DPPA
import Foundation
import Testing

/// A run that was stopped anywhere, and started again, ends in the bytes of one that was not.
@Suite("Resume")
struct ResumeTests {
    @Test(
        "After any call that fails, or kills the run, the target is old or new, and the same command ends as if nothing had been",
        .enabled(if: Faults.canCompile, "there is no C compiler"),
        arguments: ["kill", "EIO", "ENOSPC", "short", "EINTR"])
    func fault(kind: String) throws {
        let run = try LayeredRun()
        #expect(try Shell.run(Faults.script, in: run.path).code == 0)
        func faulty(_ place: Int?) throws -> CommandLineTests.Result {
            let fault = place.map { "FAULT_AT=\($0) FAULT_KIND=\(kind)" } ?? "FAULT_COUNT=faultcount"
            return try run.run("--shard-size 4K", environment: "LD_PRELOAD=$PWD/faults.so \(fault)")
        }
        #expect(try faulty(nil).code == 0)
        let expected = try run.contents()
        let calls = try #require(Int(String(contentsOfFile: run.path + "/faultcount", encoding: .utf8)))
        #expect(expected.count > 6 && calls > 50)
        let step = max(1, calls / Faults.count)
        var resumed = 0
        for place in stride(from: Int.random(in: 1...step), through: calls, by: step) {
            run.remove()
            let result = try faulty(place)
            let fails = kind == "kill" || kind == "EIO" || kind == "ENOSPC"
            #expect(fails || result.code == 0, "\(kind) at \(place): \(result)")
            #expect(kind == "kill" || [0, 73, 74].contains(result.code), "\(kind) at \(place): \(result)")
            let found = try run.contents()
            #expect(found.isEmpty || found == expected, "\(kind) at \(place)")
            if !found.isEmpty { run.remove() }
            let again = try run.run("--shard-size 4K")
            #expect(again.code == 0, "\(kind) at \(place): \(again)")
            #expect(try run.contents() == expected, "\(kind) at \(place)")
            #expect(try run.entries() == ["out"], "\(kind) at \(place)")
            if again.errors.contains("going on from a run that was stopped") { resumed += 1 }
            if result.errors.contains("the same command goes on from there") {
                #expect(again.errors.contains("going on from a run that was stopped"), "\(kind) at \(place): \(again)")
            }
        }
        if fails(kind), Faults.count > 6 { #expect(resumed > 0) }
    }

    private func fails(_ kind: String) -> Bool { ["kill", "EIO", "ENOSPC"].contains(kind) }

    @Test("Killed at any moment, with a model in the target's place")
    func moments() throws {
        let run = try LayeredRun()
        let options = "--shard-size 4K --force --set factor=0.25"
        #expect(try run.run(options).code == 0)
        let new = try run.contents()
        let start = ContinuousClock.now
        #expect(try run.run(options + " --fresh").code == 0)
        let milliseconds = max(20, Int((ContinuousClock.now - start) / .milliseconds(1)))
        for _ in 0..<Faults.count {
            let old = try run.run("--shard-size 4K --force --fresh")
            #expect(old.code == 0, "\(old)")
            let before = try run.contents()
            let delay = Double(Int.random(in: 0...milliseconds)) / 1000
            let script = "\"$dppa\" run r.lua --out out \(options) 2>/dev/null & sleep \(delay); kill -9 $!; wait $!"
            _ = try Shell.run(script, in: run.path)
            let found = try run.contents()
            #expect(found == before || found == new)
            #expect(try run.run(options).code == 0)
            #expect(try run.contents() == new && run.entries() == ["out"])
        }
    }

    /// A run that was killed when half of its tensors were on the disk.
    private func stopped(_ options: String = "") throws -> LayeredRun? {
        let run = try LayeredRun()
        guard Faults.canCompile else { return nil }
        #expect(try Shell.run(Faults.script, in: run.path).code == 0)
        let environment = "LD_PRELOAD=$PWD/faults.so"
        #expect(try run.run(options, environment: environment + " FAULT_COUNT=faultcount").code == 0)
        let calls = try #require(Int(String(contentsOfFile: run.path + "/faultcount", encoding: .utf8)))
        for place in stride(from: calls * 3 / 4, to: calls / 3, by: -1) {
            run.remove()
            _ = try run.run(options + " --fresh", environment: environment + " FAULT_KIND=kill FAULT_AT=\(place)")
            // How many calls there are by then depends on how many lines the journal writes at once.
            guard let journal = try journal(run) else { continue }
            let lines = try String(contentsOfFile: journal, encoding: .utf8)
            let finished = lines.components(separatedBy: "\"tensor\":").count - 1
            if lines.contains("layers.5.mlp"), finished < LayeredRun.tensors { return run }
        }
        Issue.record("no run was stopped half way")
        return nil
    }

    private func journal(_ run: LayeredRun) throws -> String? {
        try run.entries().first { $0.hasSuffix(".journal") }.map { run.path + "/" + $0 }
    }

    /// How many tensors a run has gone on with.
    private func continued(_ result: CommandLineTests.Result) -> Int? {
        guard let range = result.errors.range(of: "going on from a run that was stopped: ") else { return nil }
        return Int(result.errors[range.upperBound...].prefix { $0.isNumber })
    }

    @Test("A run goes on with what is finished, and computes what has changed")
    func changes() throws {
        for (options, isSame) in [("", true), ("--set factor=0.75", false), ("--set first=2", false)] {
            guard let run = try stopped() else { return }
            let result = try run.run(options)
            let found = try #require(continued(result), "\(result)")
            #expect(result.code == 0 && found < LayeredRun.tensors)
            #expect(isSame == !result.errors.contains("are computed again"), "\(result)")
            if options.contains("factor") { #expect(found <= 2) } else { #expect(found > 3) }
            let out = try run.contents()
            run.remove()
            #expect(try run.run(options).code == 0)
            #expect(try run.contents() == out, "\(options)")
        }
    }

    @Test("An input that has changed is read, and what depends on it is computed; one that only looks so is not")
    func inputs() throws {
        guard let run = try stopped() else { return }
        #expect(try Shell.run("touch models/a/model.safetensors", in: run.path).code == 0)
        let same = try run.run()
        #expect(same.code == 0 && (continued(same) ?? 0) > 3 && !same.errors.contains("computed again"), "\(same)")
        guard let other = try stopped() else { return }
        #expect(try Shell.run("cp models/b/model.safetensors models/a/", in: other.path).code == 0)
        let result = try other.run()
        #expect(result.code == 0 && result.errors.contains("are computed again"), "\(result)")
        let out = try other.contents()
        other.remove()
        #expect(try other.run().code == 0)
        #expect(try other.contents() == out)
    }

    @Test(
        "What cannot be gone on from is started over, with a word",
        arguments: ["damaged", "version", "torn", "bytes", "fresh", "layout"])
    func overs(what: String) throws {
        guard let run = try stopped() else { return }
        let path = try #require(try journal(run))
        var text = try String(contentsOfFile: path, encoding: .utf8)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        switch what {
        case "damaged": lines[1] = lines[1].replacingOccurrences(of: "model", with: "nodel")
        case "version":
            let line = "{\"dppa_run\":\"0.0.0\"}"
            lines[0] = "\(Digest.of(Array(line.utf8))) \(line)"
        case "torn": lines[lines.count - 1] = String(lines[2].prefix(60))
        default: break
        }
        text = lines.joined(separator: "\n")
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        if what == "bytes" {
            let draft = try #require(run.entries().first { $0.hasPrefix(".out.dppa-") && !$0.hasSuffix(".journal") })
            let stored = try SafetensorsFile("\(run.path)/\(draft)/model.safetensors").tensors
            let place = try #require(stored.first { $0.name.contains("layers.0.mlp") }).place.bytes.lowerBound
            let damage = "printf 'xyz' | dd of=\(draft)/model.safetensors conv=notrunc bs=1 seek=\(place)"
            #expect(try Shell.run(damage, in: run.path).code == 0)
        }
        let result = try run.run(what == "fresh" ? "--fresh" : what == "layout" ? "--dtype f32" : "")
        #expect(result.code == 0, "\(result)")
        switch what {
        case "damaged":
            #expect(
                result.errors.contains("starting over") && result.errors.contains("line 2 of its journal"), "\(result)")
        case "version": #expect(result.errors.contains("it was written by version 0.0.0"), "\(result)")
        case "fresh": #expect(continued(result) == nil && !result.errors.contains("starting over"), "\(result)")
        case "layout": #expect(continued(result) == 0, "\(result)")
        default: #expect((continued(result) ?? 0) > 3, "\(result)")
        }
        let options = what == "layout" ? "--dtype f32" : what == "fresh" ? "--fresh" : ""
        let out = try run.contents()
        run.remove()
        #expect(try run.run(options).code == 0)
        #expect(try run.contents() == out && run.entries() == ["out"])
    }

    @Test("A recipe that is wrong leaves what an earlier run has left, and one that fails in its work leaves nothing")
    func mistakes() throws {
        guard let run = try stopped() else { return }
        let before = try run.entries()
        let wrong = try run.run("--set nothing=1")
        #expect(wrong.code == 64, "\(wrong)")
        #expect(try run.entries() == before)
        _ = try run.scratch.write(
            LayeredRun.recipe.replacingOccurrences(of: "first * part", with: "dppa.log(part - part) * part"), "r.lua")
        let failed = try run.run()
        #expect(failed.code == 65, "\(failed)")
        #expect(try run.entries().isEmpty)
    }

    @Test("Control-C keeps what is finished, and says so")
    func interrupted() throws {
        let run = try LayeredRun()
        #expect(try run.run().code == 0)
        let expected = try run.contents()
        run.remove()
        for delay in stride(from: 0.02, to: 1.5, by: 0.04) {
            let script = "set -m; \"$dppa\" run r.lua --out out & sleep \(delay); kill -INT $!; wait $!"
            let result = try Shell.run(script, in: run.path)
            if result.code == 0 { break }
            let again = try run.run()
            #expect(again.code == 0)
            #expect(result.errors.contains("goes on from there") == (continued(again) != nil), "\(result) \(again)")
            #expect(try run.contents() == expected)
            run.remove()
        }
    }
}
