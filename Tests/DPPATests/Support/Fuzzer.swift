import DPPA
import Foundation
import Testing

/// Makes mutants, has them read, and keeps what went wrong.
///
/// A thousand or so mutants a run, always the same; with `DPPA_FUZZ_SECONDS` new ones for so long, from the seed
/// `DPPA_FUZZ_SEED` on. `DPPA_FUZZ_LOG` names a file that holds the seed of the batch that is running: with that seed a
/// crash comes back.
struct Fuzzer {
    /// A model directory, of which one file is changed at a time, and a task for it.
    struct Seed: Sendable {
        var files: [String: [UInt8]]
    }

    private let seeds: [Seed]
    /// Whether there are models of any shape besides, as safetensors.
    private let makesModels: Bool
    private let folder: TestFolder
    private var count = 0
    private var accepted = 0
    private var faults: [String] = []

    private static let batch = 50
    /// The most elements that are read of a mutant; those that stand for many others cost nothing in a file.
    private static let elements = 1 << 22

    private init(_ seeds: [Seed], makesModels: Bool) throws {
        (self.seeds, self.makesModels) = (seeds, makesModels)
        folder = try TestFolder(inMemory: true)
    }

    /// Expects of each mutant that it is read or refused, and of a share of them that they are read.
    static func check(_ seeds: [Seed], makesModels: Bool, accepted share: Double) async throws {
        let environment = ProcessInfo.processInfo.environment
        let seconds = environment["DPPA_FUZZ_SECONDS"].flatMap(Double.init)
        let first = environment["DPPA_FUZZ_SEED"].flatMap(UInt64.init) ?? 0
        let end = Date().addingTimeInterval(seconds ?? 0)
        var fuzzer = try Fuzzer(seeds, makesModels: makesModels)
        var number = first
        repeat {
            if let log = environment["DPPA_FUZZ_LOG"] {
                try "seed \(number): \(fuzzer.count) mutants, \(fuzzer.accepted) accepted, \(fuzzer.faults) wrong\n"
                    .write(toFile: log, atomically: true, encoding: .utf8)
            }
            try fuzzer.run(seed: number, count: batch)
            number += 1
            // Other tests wait for a thread of the pool that this one would hold.
            await Task.yield()
        } while seconds == nil ? number < first + 24 : Date() < end
        if seconds != nil {
            print("\(fuzzer.count) mutants from seed \(first) to \(number - 1), \(fuzzer.accepted) accepted")
        }
        #expect(fuzzer.faults.isEmpty, "\(fuzzer.faults.joined(separator: "\n"))")
        #expect(Double(fuzzer.accepted) > Double(fuzzer.count) * share)
    }

    private mutating func run(seed: UInt64, count: Int) throws {
        var mutator = Mutator(seed: seed)
        // Models of any shape every third time, and else changes of one that is known to be whole.
        let model = !makesModels || mutator.number(3) > 0 ? seeds[mutator.number(seeds.count)] : nil
        for (name, bytes) in model?.files ?? [:] { try folder.write(bytes, "m/" + name) }
        for _ in 0..<count {
            let (name, mutant) = mutator.file(model?.files, seeds[mutator.number(seeds.count)].files)
            try folder.write(mutant, "m/" + name)
            self.count += 1
            do {
                try read(hasTask: model?.files["task.jsonl"] != nil, isWritten: mutator.number(50) == 0)
                accepted += 1
            } catch let error as DPPAError {
                if error.code == .internalFault { faults.append("seed \(seed): \(error.message)") }
            } catch { faults.append("seed \(seed): \(error)") }
            if let whole = model?.files[name] { try folder.write(whole, "m/" + name) }
        }
        try FileManager.default.removeItem(atPath: folder.path + "/m")
    }

    /// What a run does with a model: everything that a file can make go wrong.
    private func read(hasTask: Bool, isWritten: Bool) throws {
        let checkpoint = try OpenModel(at: folder.path + "/m", label: "m")
        guard checkpoint.tensors.reduce(0, { $0 + $1.facts.numel }) <= Self.elements else { return }
        for tensor in checkpoint.tensors { _ = try tensor.source.bytes() }
        if let config = checkpoint.config { _ = try ConfigText.settingDType(config, to: .bf16) }
        _ = checkpoint.stamp
        let graph = Graph()
        let node = try graph.source(checkpoint)
        let engine = Engine(graph, options: EngineOptions(threads: 1))
        if isWritten {
            defer { try? FileManager.default.removeItem(atPath: folder.path + "/out") }
            let settings = MergeRun.Settings(dtype: .f16, shardSize: 64)
            _ = try MergeRun(engine, settings: settings)
                .write([MergeResult(node: node)], to: folder.makeFolder("out"))
        }
        guard hasTask else {
            let x = try graph.reinterpret(node, as: .value)
            let hasLayers = checkpoint.weights.allSatisfy { $0.layer != nil }
            try engine.run(
                ((hasLayers ? [.layer] : []) + [.tensor, .row, .column] as [Scope]).flatMap { scope in
                    let norm = try graph.reduce(.norm, x, over: scope)
                    return [norm, try graph.reduce(.sum, norm, over: .model)]
                })
            return
        }
        let task = try EvaluationTask(path: folder.path + "/m/task.jsonl")
        let evaluator = Evaluator(engine, dtype: nil)
        _ = try evaluator.score([node], on: [task])
    }
}

extension Fuzzer {
    /// Turns round every bit of a file's first bytes, one at a time, and gives how many of these files are read; the others are
    /// expected to be refused.
    static func turningBits(of bytes: [UInt8], first count: Int, name: String) throws -> Int {
        var bytes = bytes
        let folder = try TestFolder(inMemory: true)
        defer { withExtendedLifetime(folder) {} }
        let path = folder.path + "/" + name
        var read = 0
        for bit in 0..<8 * count {
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            do {
                let model = try OpenModel(at: path, label: "m")
                for tensor in model.tensors { _ = try tensor.source.bytes() }
                read += 1
            } catch let error as DPPAError { #expect(error.code == .data, "\(error.message)") }
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        }
        return read
    }
}
