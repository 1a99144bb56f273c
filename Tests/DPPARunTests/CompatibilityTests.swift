import DPPA
import DPPAScript
import Foundation
import Testing

/// `compat = "mergekit"` against whole runs of mergekit 0.1.5, random numbers and all: see Fixtures/mergekit/generate.py.
@Suite struct CompatibilityTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        var name: String
        var method: String
        var models: String
        var experts: String
        var options: String
        var dtype: String
        /// Whether mergekit does nothing but elementwise arithmetic.
        var exact: Bool
        var testDescription: String { "\(name) \(method) \(models) \(options)" }
    }

    static let folder = Folders.fixtures + "/mergekit"
    static let cases = Result {
        try JSONDecoder().decode([Case].self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/cases.json")))
    }
    static let expected = Result {
        try ["f32", "bf16"].reduce(into: [:]) { $0[$1] = try Written("\(folder)/expected_\($1).safetensors") }
    }
    /// The names that mergekit has, and ours.
    static let methods = Set(MergeMethods.all).subtracting([
        "consensus", "emr", "fisher", "lines", "localize_and_stitch", "magic", "magmax", "pcb",
    ]).subtracting(MergeMethods.spectral)

    private func merged(_ entry: Case, threads: Int = 2) throws -> Written {
        let scratch = try Scratch()
        let experts = entry.experts.map { "dppa.model \"\(entry.models)/\($0)\"" }.joined(separator: ", ")
        let arguments =
            switch entry.method {
            case "average", "karcher": "x"
            case "passthrough": "x[1]"
            case "slerp", "nearswap", "arcee_fusion": "b, x[1]"
            default: "b, x"
            }
        let compat = entry.models == "bf16" ? "mergekit_bf16" : "mergekit"
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local b, x = dppa.model "\(entry.models)/base", { \(experts) }
            local options = \(entry.options)
            options.compat = "\(compat)"
            return require "dppa.\(entry.method)"(\(arguments), options)
            """, "recipe.lua")
        var engine = EngineOptions(threads: threads, chunkElements: 64, tileElements: 64)
        engine.verifiesPrograms = true
        return try run(recipe, dtype: DType(userSpelling: entry.dtype), engine: engine, in: scratch) {
            $0.modelRoots = [Self.folder]
        }.model
    }

    @Test func everyMethodOfMergekitHasCasesAndThePage() throws {
        let cases = try Self.cases.get()
        #expect(Set(cases.map(\.method)) == Self.methods && Self.methods.count == 20)
        for method in Self.methods { #expect(cases.count { $0.method == method } >= 1, "\(method)") }
        #expect(Set(try MethodPages.all.filter { !$0.compat.isEmpty }.map(\.name)) == Self.methods)
    }

    @Test(arguments: (try? cases.get()) ?? []) func agreesWithMergekit(_ entry: Case) throws {
        let model = try merged(entry)
        let expected = try #require(try Self.expected.get()[entry.dtype]).floats(entry.name)
        var start = 0
        for name in model.tensors.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            let found = model.floats(name)
            try #require(start + found.count <= expected.count)
            let right = Array(expected[start..<start + found.count])
            start += found.count
            let largest = right.map(\.magnitude).max() ?? 0
            // mergekit's linear fuses multiplication and addition, which in bfloat16 is the last bit of some elements.
            let allowed = largest * (entry.method == "average" && entry.dtype == "bf16" ? 0x1p-8 : 1e-6)
            for (index, (a, b)) in zip(found, right).enumerated() {
                #expect(entry.exact ? a == b : abs(a - b) <= allowed, "\(name)[\(index)]: \(a), expected \(b)")
            }
        }
        #expect(start == expected.count)
    }

    /// Which numbers an element has depends on nothing but the order of names and experts.
    @Test(arguments: ["dare", "della"]) func threadsDoNotMatter(method: String) throws {
        let entry = try #require(try Self.cases.get().first { $0.method == method && $0.models == "f32" })
        let one = try merged(entry, threads: 1)
        #expect(try merged(entry, threads: 7).tensors.mapValues(\.bytes) == one.tensors.mapValues(\.bytes))
    }

    /// A recipe's options and a call have mergekit's defaults, each its own.
    @Test(arguments: [
        ("ties", ["density": "1"]), ("dare", ["rate": "0", "rescale": "l1", "lambda": "0.6"]),
        ("dare_ties", ["rate": "0", "rescale": "l1", "normalize": "false"]),
        ("della", ["density": "1", "epsilon": "0.15", "rescale": "l1"]),
        ("breadcrumbs_ties", ["density": "1", "normalize": "false"]), ("model_stock", ["extrapolate": "true"]),
        ("multislerp", ["eps": "1e-8"]),
    ])
    func defaultsAreMergekits(method: String, defaults: [String: String]) throws {
        let recipe = "\(Folders.recipes)/\(method).lua"
        let models = MergeMethods.models(
            method, base: "\(Self.folder)/f32/base", experts: ["A", "B", "C"].map { "\(Self.folder)/f32/\($0)" })
        func bytes(_ options: [String: String]) throws -> [String: [UInt8]] {
            try run(recipe, models.merging(options) { $1 }, in: Scratch()).model.tensors.mapValues(\.bytes)
        }
        let own = try bytes(["compat": "mergekit"])
        #expect(try bytes(defaults.merging(["compat": "mergekit"]) { $1 }) == own)
        #expect(try bytes([:]) != own)
        var lambda = ""
        if let value = defaults["lambda"] { lambda = "lambda = \(value), " }
        let scratch = try Scratch()
        let call = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local x = { dppa.model "f32/A", dppa.model "f32/B", dppa.model "f32/C" }
            return require "dppa.\(method)"(dppa.model "f32/base", x, { \(lambda)compat = "mergekit" })
            """, "call.lua")
        let called = try run(call, in: scratch) { $0.modelRoots = [Self.folder] }.model
        #expect(called.tensors.mapValues(\.bytes) == own)
    }

    /// What mergekit does not have is refused, not passed over.
    @Test(arguments: [
        ("ties(base, { a, b }, { compat = \"mergekit\", vote = \"plain\" })", "mergekit's is vote = \"weighted\""),
        ("ties(base, { a, b }, { compat = \"mergekit\", scope = \"model\" })", "mergekit's is scope = \"tensor\""),
        ("dare(base, { a, b }, { compat = \"mergekit\", q = 0.5 })", "mergekit has no q"),
        ("karcher({ a, b }, { compat = \"mergekit_bf16\" })", "\"mergekit\" is its float32"),
        ("dare(base, { a }, { compat = \"mergkit\" })", "cannot be 'mergkit'"),
        ("consensus(base, { a, b }, { compat = \"mergekit\" })", "consensus has no option 'compat'"),
        (
            "base:mt19937({ dppa.mean(dppa.abs(a - base), \"tensor\") })",
            "mt19937: a share is a per-tensor value that is measured, but where the stream is depends on it"
        ),
        (
            "dppa.method { name = \"x\", run = print, options = { { of = ties, mergekit = { densty = 1 } } } }",
            "ties has no option 'densty'; did you mean 'density'?"
        ),
    ])
    func refusals(call: String, message: String) throws {
        let error = try #require(try MethodCallTests.error("local _ = \(call)\nreturn base"))
        #expect(error.code == .data && error.message.contains(message), "\(error.message)")
        #expect(error.location?.line == 5)
    }

    /// The order of names is that of their bytes, of shares that given; who is certain draws nothing.
    @Test func theStreamGoesThroughNamesSharesAndElements() throws {
        let scratch = try Scratch()
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base = dppa.model "f32/base"
            local zero = dppa.per_tensor(base, function(t) return t.name == "model.embed_tokens.weight" and 1 or 0.5 end)
            local u = base:mt19937({ 0.5, 1 - zero, 1 }, { seed = 42 })
            local v = base:mt19937({ 0, 0.5 }, { seed = 42, zero = false })
            dppa.as_model(u[1], base):save "first"
            dppa.as_model(u[2], base):save "second"
            dppa.as_model(v[2], base):save "third"
            return base
            """, "recipe.lua")
        let (outcome, _) = try run(recipe, in: scratch) { $0.modelRoots = [Self.folder] }
        func saved(_ name: String) throws -> Written {
            try Written(try #require(outcome.written.first { $0.hasSuffix(name) }))
        }
        let (first, second, last) = (try saved("first"), try saved("second"), try saved("third"))
        let names = last.tensors.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let stream = SerialStream(seed: 42)
        func numbers(_ start: Int, _ count: Int) -> [Float] {
            withUnsafeTemporaryAllocation(of: Float.self, capacity: count + 1) { buffer in
                guard let out = buffer.baseAddress else { return [] }
                stream.uniform(first: start, count: count, into: out)
                return Array(buffer.prefix(count))
            }
        }
        var (place, other) = (0, 0)
        for name in names {
            let count = first.floats(name).count
            #expect(first.floats(name) == numbers(place, count), "\(name)")
            place += count
            #expect(second.floats(name) == numbers(place, count), "\(name)")
            place += count
            #expect(last.floats(name) == numbers(other, count), "\(name)")
            other += count
        }
        #expect(names.firstIndex(of: "model.layers.10.mlp.up_proj.weight") ?? 0 > 0)
    }
}
