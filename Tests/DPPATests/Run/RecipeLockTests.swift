import DPPA
import Testing

/// A lock reads back as it was written, and says what differs.
@Suite struct RecipeLockTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private static func lock() -> RecipeLock {
        var lock = RecipeLock(
            program: "0.1.0", name: "méine.lua", text: "return \"a\"\n", shardSize: 5_000_000_000)
        lock.modules = ["settings": "return 1"]
        lock.library = ["ties": "00"]
        lock.options = [("density", .string("0.3")), ("experts", .array([.string("math"), .string("b=law")]))]
        lock.dtype = .bf16
        var model = RecipeLock.Model(label: "base", name: "org/base", sampledDigest: "11")
        (model.repository, model.revision) = ("org/base", "abc")
        model.checksums = ["model.safetensors": "ff"]
        model.tensors = [
            TensorDigest(name: "a", words: "BF16 2x3 aa"), TensorDigest(name: "b\n", words: "F32  bb"),
        ]
        lock.models = [model, RecipeLock.Model(label: "scored", name: "scored", sampledDigest: "22")]
        lock.tasks = ["math": "33"]
        lock.scores = [
            .init(model: "base", task: "math", metric: "choice", value: 0.1 + 0.2),
            .init(model: "x", task: "ppl", metric: "perplexity", value: .infinity),
        ]
        lock.processor = "Zen"
        lock.output = "a/b"
        lock.carried = ["words.txt"]
        lock.files = [FileDigest(name: "model.safetensors", size: 12, digest: Digest.of([1]))]
        return lock
    }

    @Test func aLockReadsBack() throws {
        let lock = Self.lock()
        try folder.write(lock.json, "x.lock.json")
        let read = try RecipeLock(reading: folder.path + "/x.lock.json")
        #expect(read.json == lock.json)
        #expect(read.differingInputs(from: lock).isEmpty && read.differingOutputs(from: lock).isEmpty)
        #expect(read.differingSettings(from: lock).isEmpty)
        #expect(read.scores == lock.scores && read.files == lock.files && read.output == "a/b" && read.dtype == .bf16)
        #expect(
            read.carried == ["words.txt"] && read.processor == "Zen" && read.models[0].digest == lock.models[0].digest)
    }

    @Test func whatDiffersIsTold() {
        let lock = Self.lock()
        func lines(_ of: (RecipeLock) -> (RecipeLock) -> [String], _ change: (inout RecipeLock) -> Void) -> [String] {
            var other = lock
            change(&other)
            return of(other)(lock)
        }
        let (inputs, settings, outputs) = (
            RecipeLock.differingInputs(from:), RecipeLock.differingSettings(from:), RecipeLock.differingOutputs(from:)
        )
        #expect(
            lines(inputs) { $0.models[0].tensors[1].words = "F32  cc" }
                == ["the model base differs from the lock in 1 of 2 tensors: b\\n"])
        #expect(lines(inputs) { $0.models.removeLast() } == ["the model scored is not read"])
        #expect(lines(inputs) { $0.models[1].label = "other" }.count == 2)
        #expect(
            lines(inputs) { $0.models[1].sampledDigest = "23" }
                == ["the model scored is another one: its sampled digest is 23, the lock has 22"])
        #expect(lines(inputs) { $0.tasks["math"] = "34" } == ["the task math is 34, the lock has 33"])
        #expect(
            lines(settings) { $0.options[0].value = .string("0.4") }
                == ["the option density is \"0.4\", the lock has \"0.3\""])
        #expect(lines(settings) { $0.program = "0.2.0" } == ["the program is 0.2.0, the lock has 0.1.0"])
        #expect(lines(settings) { $0.library = [:] } == ["the shipped module dppa.ties is not there, the lock has 00"])
        #expect(lines(settings) { $0.modules["settings"] = "" } == ["the text of lib/settings.lua is another one"])
        #expect(
            lines(outputs) { $0.scores[0].value = 0.25 }.first?.contains("is 0.25, the lock has 0.30000000000000004")
                == true)
        #expect(
            lines(outputs) { $0.files[0].size = 13 } == ["model.safetensors has 13 bytes, the lock says 12"])
        #expect(lines(outputs) { $0.files[0].name = "b" } == ["b is not in the lock", "model.safetensors is missing"])
    }

    @Test func aDamagedLockSaysWhere() throws {
        let whole = Self.lock().json
        let damages = [
            (whole, "", "expected"), (whole, "[]", "expected an object"), (whole, "{}", "'recipe'"),
            (whole, "{\"recipe\": {}}", "'dppa_run'"),
            ("\"bytes\" : 12", "\"bytes\" : -1", "files.model.safetensors.bytes"),
            ("\"dtype\" : \"bf16\"", "\"dtype\" : \"i32\"", "at dtype"),
            ("\"model.safetensors\" : {", "\"../../x\" : {", "path of a file in the model's folder"),
            ("\"words.txt\"", "1", "expected a text at carried[0]"),
        ]
        for (old, new, words) in damages {
            #expect(whole.contains(old))
            try folder.write(whole.replacing(old, with: new), "x.lock.json")
            let error = #expect(throws: DPPAError.self) { try RecipeLock(reading: folder.path + "/x.lock.json") }
            #expect(
                error?.code == .data && error?.message.contains(words) == true,
                "\(String(describing: error))")
        }
    }
}
