import DPPA
import DPPAScript
import Foundation
import Testing

/// Shipped methods against programs of their own in NumPy, and against mergekit's numbers: see Fixtures/{zoo,golden}.
@Suite struct MethodTests {
    enum Option: Decodable, Sendable {
        case text(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let list = try? container.decode([Double].self) {
                self = .text(list.map { String($0) }.joined(separator: ","))
            } else if let list = try? container.decode([String].self) {
                self = .text(list.joined(separator: ","))
            } else if let flag = try? container.decode(Bool.self) {
                self = .text(String(flag))
            } else if let number = try? container.decode(Double.self) {
                self = .text(number == number.rounded() ? String(Int(number)) : String(number))
            } else {
                self = .text(try container.decode(String.self))
            }
        }

        var text: String { if case .text(let text) = self { text } else { "" } }
    }

    struct ZooRun: Decodable, Sendable {
        var method: String
        var exact: Bool
        var options: [String: Option]
        var sha256: [String: String]
        /// Where not exact: by tensor and flat index, the bits of bfloat16 that an element may have; it is 0 in the digest.
        var either: [String: [String: [String]]]?
    }

    struct GoldenFile: Decodable {
        struct Case: Decodable {
            var name: String
            var models: String
            var method: String
            var options: [String: Option]
            var tensor: String
            var expected: [Float]
            var ulp: Int
        }
        var cases: [Case]
    }

    private func paths(_ options: [String: Option], in folder: String) -> [String: String] {
        options.reduce(into: [:]) { result, option in
            let words = option.value.text.split(separator: ",").map(String.init)
            let isPath = option.key == "base" || option.key == "experts"
            result[option.key] = isPath ? words.map { folder + "/" + $0 }.joined(separator: ",") : option.value.text
        }
    }

    static let zoo = Result {
        try JSONDecoder().decode(
            [String: ZooRun].self, from: Data(contentsOf: URL(fileURLWithPath: Folders.fixtures + "/zoo/zoo.json")))
    }

    @Test(
        arguments: [
            "average", "average_weighted", "task_arithmetic", "ties", "ties_weighted", "dare", "dare_seed_7", "dare_l1",
            "slerp", "slerp_from_base",
        ])
    func zooMergesHaveTheBytesOfTheOracle(_ name: String) throws {
        #expect(try Self.zoo.get().count == 10)
        let expected = try #require(try Self.zoo.get()[name])
        let model = try run(
            Folders.recipes + "/\(expected.method).lua", paths(expected.options, in: Folders.recipes + "/zoo"),
            in: Scratch()
        ).model
        #expect(model.tensors.count == 57 && expected.sha256.count == 57)
        #expect((expected.either == nil) == expected.exact)
        for (tensor, digest) in expected.sha256 {
            var bytes = try #require(model.tensors[tensor]?.bytes)
            for (index, allowed) in expected.either?[tensor] ?? [:] {
                let place = 2 * (try #require(Int(index)))
                let bits = String(format: "%02x%02x", bytes[place + 1], bytes[place])
                #expect(allowed.contains(bits), "\(tensor)[\(index)]: \(bits) is none of \(allowed)")
                (bytes[place], bytes[place + 1]) = (0, 0)
            }
            #expect(sha256(bytes) == digest, "\(tensor)")
        }
    }

    @Test func goldenVectorsOfMergekit() throws {
        let folder = Folders.fixtures + "/golden"
        let golden = try JSONDecoder().decode(
            GoldenFile.self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/golden.json")))
        let scratch = try Scratch()
        for entry in golden.cases where entry.name != "ties_bf16_arithmetic" && !entry.name.hasPrefix("dare_ties") {
            var options = paths(entry.options, in: folder + "/" + entry.models)
            options["consensus"] = nil
            if options["rescale"] == "true" { options["rescale"] = "l1" }
            let model = try run(Folders.recipes + "/\(entry.method).lua", options, in: scratch).model
            let found = model.floats(entry.tensor)
            #expect(found.count == entry.expected.count)
            let isBF16 = entry.models == "bf16"
            for (a, b) in zip(found, entry.expected) {
                let unit = isBF16 ? max(b.magnitude.ulp, Float.leastNonzeroMagnitude) * 65536 : b.ulp
                #expect(abs(a - b) <= Float(entry.ulp) * unit, "\(entry.name): \(a), expected \(b)")
            }
        }
    }

    /// Rounding to bfloat16 after every operation, as mergekit does, is a formula like any other.
    @Test func mergekitsOwnRoundingIsAFormula() throws {
        let scratch = try Scratch()
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local abs, sign, top, where, weights = dppa.abs, dppa.sign, dppa.top, dppa.where, dppa.weights
            local function rd(x) return dppa.round_to(x, "bf16") end
            local base = dppa.model "base"
            local parts, w = {}, { 0.5, 0.30078125, 0.2001953125 }
            for i, name in ipairs { "A", "B", "C" } do
              local d = rd(dppa.model(name) - base)
              parts[i] = rd(where(top(abs(d), 0.5, "tensor"), d, 0) * w[i])
            end
            local total = rd(parts[1] + parts[2] + parts[3])
            local majority = where(total:ge(0), 1, -1)
            local mixed, divisor
            for i, part in ipairs(parts) do
              local agrees = sign(part):eq(majority)
              local kept, weight = where(agrees, part, 0), where(agrees, w[i], 0)
              mixed = mixed and mixed + kept or kept
              divisor = divisor and divisor + weight or weight
            end
            mixed, divisor = rd(mixed), rd(divisor)
            return base + rd(mixed / where(divisor:eq(0), 1, divisor))
            """, "mergekit.lua")
        let model = try run(recipe, in: scratch) { $0.modelRoots = [Folders.fixtures + "/golden/bf16"] }.model
        let expected: [Float] = [0.69921875, -2.40625, 1.1015625, 3, -0.74609375, -0.25, 1.546875, -0.05078125]
        #expect(model.floats("model.layers.0.mlp.up_proj.weight") == expected)
    }

    @Test(arguments: MergeMethods.all)
    func libraryModulesHaveNoPrivateNames(_ method: String) throws {
        let scratch = try Scratch()
        let own = try Scratch()
        let library = Folders.project + "/Sources/DPPAScript/Library"
        for name in MergeMethods.all + MergeMethods.parts {
            let text = try String(contentsOfFile: "\(library)/\(name).lua", encoding: .utf8)
            _ = try own.write(renamed(text), "lib/own_\(name).lua")
        }
        let recipe = try String(contentsOfFile: "\(Folders.recipes)/\(method).lua", encoding: .utf8)
        let copy = try own.write(renamed(recipe), "copy.lua")
        let shipped = try run("\(Folders.recipes)/\(method).lua", in: scratch)
        let copied = try run(copy, in: own) { $0.modelRoots = [Folders.recipes] }
        #expect(
            shipped.model.tensors.mapValues { sha256($0.bytes) } == copied.model.tensors.mapValues { sha256($0.bytes) })
        #expect(shipped.outcome.report.bytesRead == copied.outcome.report.bytesRead)
        #expect(shipped.outcome.report.passes == copied.outcome.report.passes)
    }

    private func renamed(_ text: String) -> String {
        var text = text
        for name in MergeMethods.all + MergeMethods.parts {
            text = text.replacingOccurrences(of: "require \"dppa.\(name)\"", with: "require \"own_\(name)\"")
        }
        return text
    }

    @Test(arguments: [1, 2, 7], [256, 2048, 16384])
    func bytesDoNotDependOnThreadsAndTiles(_ threads: Int, _ tile: Int) throws {
        let scratch = try Scratch()
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base, math = dppa.model "zoo/base", dppa.model "zoo/math"
            local delta = math - base
            local size = dppa.abs(delta)
            local share = dppa.mean(dppa.exp(size), "row") * dppa.norm(size, "tensor") + dppa.max(size, "column")
            local spread = dppa.mean(size, "model") / dppa.mean(size, "tensor")
            return base + dppa.where(dppa.top(size, 0.3, "model"), delta * share * spread, 0)
            """, "mixed.lua")
        var engine = EngineOptions(threads: threads, chunkElements: tile * 4, tileElements: tile)
        engine.verifiesPrograms = true
        let model = try run(recipe, engine: engine, in: scratch) { $0.modelRoots = [Folders.recipes] }.model
        let other = try Scratch()
        let reference = try run(recipe, engine: EngineOptions(threads: 1), in: other) {
            $0.modelRoots = [Folders.recipes]
        }
        #expect(model.tensors.mapValues { $0.bytes } == reference.model.tensors.mapValues { $0.bytes })
    }
}
