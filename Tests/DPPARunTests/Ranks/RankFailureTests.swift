import DPPA
import DPPAScript
import DPPASupport
import Foundation
import Testing

/// What goes wrong on one rank ends the run on all, and leaves nothing half written.
@Suite("Ranks: failures") struct RankFailureTests {
    private static func models() throws -> (scratch: Scratch, recipe: String) {
        let scratch = try Scratch()
        try TinyModels.write(["base", "a", "b"], layers: 6, in: scratch.path + "/models")
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local factor = dppa.option { name = "factor", default = 0.5 }
            local base, a = dppa.model "models/base", dppa.model "models/a"
            local size = dppa.mean(dppa.abs(a - base), "model")
            return base + factor * (1 + size) * (a - base)
            """, "r.lua")
        return (scratch, recipe)
    }

    /// Stops a rank when it has gone through so many bytes.
    private final class Stopper: EngineObserver, @unchecked Sendable {
        private let error: DPPAError
        private var left: Int
        init(_ error: DPPAError, after left: Int) { (self.error, self.left) = (error, left) }
        func plan(bytes: Int) {}
        func begin(stage: String) {}
        func advance(bytes: Int) { left -= bytes }
        func checkInterruption() throws { if left < 0 { throw error } }
    }

    @Test("The error of any rank is that of all, with the rank's number", arguments: 0..<3)
    func anywhere(failing: Int) throws {
        let (scratch, recipe) = try Self.models()
        let failure = DPPAError(.data, "too bad", notes: ["mend it"])
        for bytes in [0, 1000, 2500] {
            let errors = ThreadRanks(3).run(
                recipe, out: scratch.path + "/out",
                observer: { rank in rank == failing ? Stopper(failure, after: bytes) : nil })
            for error in errors {
                #expect(error?.code == .data && error?.message == "too bad")
                #expect(error?.notes.first == "mend it")
                let told = error?.notes.contains { $0.contains("rank \(failing) of 3") } ?? false
                #expect(told == (failing > 0), "\(String(describing: error))")
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted() == ["models", "r.lua"])
        }
    }

    @Test("So it is while a recipe waits for a number, and whoever asks for one", arguments: [1, 2])
    func inside(failing: Int) throws {
        let (scratch, _) = try Self.models()
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base, a = dppa.model "models/base", dppa.model "models/a"
            local size = dppa.mean(dppa.abs(a - base), "model"):value()
            return base + size * (a - base)
            """, "value.lua")
        let errors = ThreadRanks(3).run(
            recipe, out: scratch.path + "/out",
            observer: { $0 == failing ? Stopper(DPPAError(.data, "too bad"), after: 0) : nil })
        for error in errors {
            #expect(error?.code == .data && error?.message == "too bad", "\(String(describing: error))")
            #expect(error?.notes.contains { $0.contains("rank \(failing) of 3") } == true)
        }
    }

    @Test("A fault that all ranks meet is told as one process tells it")
    func everywhere() throws {
        let (scratch, _) = try Self.models()
        let recipe = try scratch.write("return nothing_of_this_name", "wrong.lua")
        let alone = ThreadRanks(1).run(recipe, out: scratch.path + "/out")[0]
        let errors = ThreadRanks(3).run(recipe, out: scratch.path + "/out")
        #expect(alone != nil)
        for error in errors { #expect(error?.message == alone?.message && error?.notes == alone?.notes) }
    }

    @Test("Ranks that read something else, or are given another option, are found out")
    func disagreement() throws {
        let (scratch, recipe) = try Self.models()
        let errors = ThreadRanks(2).run(
            recipe, out: scratch.path + "/out",
            change: { request, rank in if rank == 1 { request.options["factor"] = "0.25" } })
        for error in errors {
            #expect(error?.message.contains("does not compute the same") == true, "\(String(describing: error))")
        }
        let elsewhere = try Scratch()
        try TinyModels.write(["base", "b", "a"], layers: 6, in: elsewhere.path + "/models")
        let other = elsewhere.path + "/r.lua"
        try FileManager.default.copyItem(atPath: recipe, toPath: other)
        let results = ThreadRanks(2).run { ranks in
            var request = RecipeRun.Request(out: scratch.path + "/out")
            request.engine.ranks = ranks
            if ranks.isFirst { _ = try RecipeRun(recipe).run(request) } else { try RecipeRun(other).join(request) }
        }
        for result in results {
            #expect(throws: DPPAError.self) { try result.get() }
        }
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/out"))
    }

    @Test("A run that was stopped goes on with another number of ranks, and ends in the same bytes")
    func resume() throws {
        let (scratch, recipe) = try Self.models()
        let out = scratch.path + "/out"
        func weights() throws -> Data? { FileManager.default.contents(atPath: out + "/model.safetensors") }
        #expect(ThreadRanks(1).run(recipe, out: out)[0] == nil)
        let expected = try #require(try weights())
        let lock = FileManager.default.contents(atPath: out + "/recipe.lock.json")
        let interruption = DPPAError(.interrupted, "stopped")
        var resumed = 0
        for bytes in [3000, 4500, 6000] {
            for (before, after) in [(3, 2), (2, 1), (1, 3)] {
                try? FileManager.default.removeItem(atPath: out)
                let errors = ThreadRanks(before).run(
                    recipe, out: out,
                    observer: { rank in rank == before - 1 ? Stopper(interruption, after: bytes / before) : nil })
                guard errors[0] != nil else { continue }
                let isKept = errors[0]?.notes.contains { $0.contains("goes on from there") } ?? false
                let again = ThreadRanks(after).run(recipe, out: out)
                #expect(again.allSatisfy { $0 == nil }, "\(again)")
                #expect(try weights() == expected)
                #expect(FileManager.default.contents(atPath: out + "/recipe.lock.json") == lock)
                if isKept { resumed += 1 }
                #expect(
                    try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted() == [
                        "models", "out", "r.lua",
                    ])
            }
        }
        #expect(resumed > 0)
    }
}
