import DPPA
import DPPACheckpoint
import DPPAKernels
import DPPAScript
import DPPASupport
import Foundation
import Testing

/// Tensors that several ranks go through together: what comes of it is what one process makes.
@Suite("Divided units") struct DividedUnitTests {
    /// Rules by what has to be put together of one tensor: sums, columns, rows, orders with and without ties, the layer, the model,
    /// random numbers, plain copies.
    static let rules = [
        "base + dppa.where(dppa.top(dppa.abs(d), 0.2, 'tensor'), d, 0) * dppa.norm(d, 'tensor')",
        "base + dppa.where(dppa.top(dppa.floor(dppa.abs(d) * 100), 0.3, 'tensor'), d, 0)",
        "base + d / (1 + dppa.norm(d, 'column')) * dppa.mean(d, 'row')",
        "base + dppa.where(dppa.top(dppa.abs(d), 0.5, 'row'), d, 0) * dppa.kth(d, 40000, 'tensor')",
        "base + dppa.where(dppa.top(dppa.abs(d), 0.5, 'column'), d, 0)",
        "base + dppa.where(dppa.top(dppa.norm(d, 'row'), 0.5, 'tensor'), d, 0)",
        "base + dppa.where(dppa.top(dppa.abs(d), 0.1, 'layer'), d, 0) * dppa.max(dppa.abs(d), 'layer')",
        "base + dppa.where(dppa.top(dppa.abs(d), 0.1, 'model'), d, 0) * dppa.sum(d * base, 'model')",
        "base + dppa.where(d:bernoulli(0.3, { seed = 5 }), d, 0) / 0.3",
        "base",
    ]

    @Test("A model of one large tensor", arguments: rules.indices)
    func rule(number: Int) throws {
        let scratch = try Scratch()
        try Self.write(["base", "a"], in: scratch.path)
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base, a = dppa.model "base", dppa.model "a"
            local d = a - base
            return \(Self.rules[number])
            """, "r.lua")
        var expected: (weights: [UInt8], lock: [Substring])?
        for (size, threads, collects) in [(1, 1, false), (2, 1, false), (3, 2, false), (7, 1, false), (3, 1, true)] {
            let folder = "\(scratch.path)/\(size)-\(threads)-\(collects)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let errors = ThreadRanks(size).run(
                recipe, out: folder + "/out", threads: threads,
                change: { request, _ in
                    request.collects = collects
                    request.comparesDeltas = true
                    request.engine.smallestPart = 0
                    request.engine.chunkElements = 4096
                })
            #expect(errors.allSatisfy { $0 == nil }, "\(errors)")
            let found = try (
                weights: Self.contents(folder + "/out/model.safetensors"),
                lock: String(decoding: Self.contents(folder + "/out/recipe.lock.json"), as: UTF8.self).split(
                    separator: "\n")
            )
            #expect(found.weights == expected?.weights ?? found.weights, "\(size) ranks")
            // Keys, digests and what comparisons have found.
            let others = zip(found.lock, expected?.lock ?? found.lock).filter(!=)
            #expect(others.isEmpty, "\(size) ranks")
            expected = found
        }
    }

    @Test("What is not finite is counted once, and written as it is asked for")
    func nonFinite() throws {
        let scratch = try Scratch()
        try Self.write(["base", "a"], in: scratch.path, infinities: [3, 20_000, 66_000])
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base, a = dppa.model "base", dppa.model "a"
            return base + (a - base) * dppa.norm(dppa.where(dppa.abs(a):lt(1e30), a, 0), 'tensor')
            """, "r.lua")
        for size in [1, 3] {
            let warnings = try ThreadRanks(size).run { ranks in
                var request = RecipeRun.Request(out: "\(scratch.path)/out\(size)")
                request.engine = EngineOptions(threads: 1, chunkElements: 4096)
                (request.engine.ranks, request.engine.smallestPart) = (ranks, 0)
                if ranks.isFirst { return try RecipeRun(recipe).run(request, observer: nil).warnings }
                try RecipeRun(recipe).join(request, observer: nil)
                return []
            }.map { try $0.get() }
            #expect(warnings[0].contains { $0.contains("a has 3 infinite or NaN elements") }, "\(warnings)")
        }
    }

    private static func contents(_ path: String) throws -> [UInt8] {
        Array(try #require(FileManager.default.contents(atPath: path)))
    }

    /// One matrix of 517 × 129 and a vector, of which ranks share the matrix.
    private static func write(_ labels: [String], in path: String, infinities: [Int] = []) throws {
        let shapes = [
            (name: "model.layers.0.mlp.up_proj.weight", shape: [517, 129]),
            (name: "model.layers.0.input_layernorm.weight", shape: [129]),
        ]
        try TinyModels.write(
            labels, shapes, config: #"{"architectures": ["LlamaForCausalLM"], "model_type": "llama"}"#, in: path
        ) { model, tensor, element in
            if model > 0, tensor == 0, infinities.contains(element) { return .infinity }
            return noise(UInt64(model) << 40 + UInt64(tensor) << 32 + UInt64(element))
        }
    }

    /// A number between −1 and 1 that looks like chance.
    private static func noise(_ place: UInt64) -> Float {
        var x = place &* 0x9E37_79B9_7F4A_7C15
        x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
        return Float((x ^ (x >> 31)) >> 40) / Float(1 << 23) - 1
    }
}
