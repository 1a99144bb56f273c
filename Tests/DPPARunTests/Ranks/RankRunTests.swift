import DPPA
import Foundation
import Testing

/// The same recipe on several ranks: the same bytes.
@Suite("Ranks") struct RankRunTests {
    /// Recipes by what they have ranks share: values of tensors, layers and the model, orders, random numbers, matrices, adapters,
    /// scores, inputs of linears, several results.
    static let recipes: [(name: String, options: [String: String])] = [
        ("ties", [:]), ("ties", ["scope": "model"]), ("dare_ties", [:]), ("della", ["rescale": "l1"]),
        ("breadcrumbs", [:]),
        ("model_stock", [:]), ("magic", [:]), ("emr", [:]), ("iso_c", [:]), ("lora", [:]), ("dp", [:]),
        ("dppa", ["budget": "4"]), ("wanda", [:]), ("sparsegpt", [:]), ("regmean", [:]),
        ("regmean", ["schedule": "layerwise"]), ("mixture_of_experts", [:]),
    ]

    @Test("Every file of a recipe's result is the same for 1, 2, 3 and 5 ranks", arguments: recipes.indices)
    func bytes(number: Int) throws {
        let (name, options) = Self.recipes[number]
        let recipe = "\(Folders.recipes)/\(name).lua"
        let scratch = try Scratch()
        var expected: [String: String] = [:]
        for size in [1, 2, 3, 5] {
            // One name, which the lock has.
            let out = scratch.path + "/\(size)/out"
            try FileManager.default.createDirectory(
                atPath: scratch.path + "/\(size)", withIntermediateDirectories: true)
            // On two whole units, on more whatever lies on a border is divided.
            let errors = ThreadRanks(size).run(
                recipe, out: out, options, change: { request, _ in if size > 2 { request.engine.smallestPart = 0 } })
            #expect(errors.count == size && errors.allSatisfy { $0 == nil }, "\(errors)")
            var found = try contents(out)
            // The card of a search says how long scoring has taken.
            if name == "dppa" { found["README.md"] = nil }
            #expect(found.count > 2)
            if expected.isEmpty { expected = found }
            #expect(found == expected, "\(name) on \(size)")
        }
    }

    /// The digests of the files of a folder, by path.
    private func contents(_ folder: String) throws -> [String: String] {
        var all: [String: String] = [:]
        let below = FileManager.default.enumerator(atPath: folder)
        while let name = below?.nextObject() as? String {
            guard let data = FileManager.default.contents(atPath: folder + "/" + name) else { continue }
            all[name] = sha256(Array(data))
        }
        return all
    }

    @Test("More ranks than tensors, and numbers that a recipe looks at")
    func small() throws {
        let scratch = try Scratch()
        try TinyModels.write(["base", "a"], layers: 1, in: scratch.path)
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base, a = dppa.model "base", dppa.model "a"
            local delta = a - base
            local size = dppa.norm(delta, "model"):value()
            local kept = dppa.top(dppa.abs(delta), 0.3, "model")
            return base + dppa.where(kept, delta / size, 0)
            """, "r.lua")
        var expected: [UInt8]?
        for (size, collects) in [(1, false), (2, false), (9, false), (3, true), (9, true)] {
            let out = "\(scratch.path)/out\(size)\(collects)"
            let errors = ThreadRanks(size).run(
                recipe, out: out, change: { request, _ in request.collects = collects })
            #expect(errors.allSatisfy { $0 == nil }, "\(errors)")
            let found = try Array(#require(FileManager.default.contents(atPath: out + "/model.safetensors")))
            #expect(found == expected ?? found)
            expected = found
        }
    }
}
