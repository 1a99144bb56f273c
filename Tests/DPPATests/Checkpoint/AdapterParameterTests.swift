import DPPA
import Foundation
import Testing

/// Adapters on stacks of experts, against PEFT's own merge (Fixtures/adapters/generate.py).
@Suite("LoRA adapters on parameters") struct AdapterParameterTests {
    static let cases = ["stacks", "apart", "apart_mixtral", "transposed", "square", "matrix"]
    private static let folder = fixtures + "/adapters"

    @Test("The change of every tensor is PEFT's", arguments: cases)
    func changes(name: String) throws {
        let expected = try OpenModel(at: Self.folder + "/expected.safetensors", label: "expected")
        let base = try OpenModel(at: "\(Self.folder)/\(name)/base", label: "base")
        let delta = try OpenModel(at: "\(Self.folder)/\(name)/adapter", label: "adapter", base: base)
        let wanted = expected.weights.map(\.name).filter { $0.hasPrefix(name + ".") }
        #expect(!wanted.isEmpty && Set(delta.weights.map { name + "." + $0.name }) == Set(wanted))
        for key in wanted {
            let tensor = String(key.dropFirst(name.count + 1))
            let (found, right) = (try #require(try delta.floats(tensor)), try #require(try expected.floats(key)))
            // PEFT's change is the difference of two rounded sums.
            #expect(zip(found, right).allSatisfy { abs($0 - $1) < 2e-7 } && found.count == right.count, "\(tensor)")
            // Any part is what the whole has there.
            let source = try #require(delta.source(tensor))
            for start in stride(from: 0, to: found.count, by: 5) {
                let range = start..<min(found.count, start + 7)
                var part = [Float](repeating: 7, count: range.count)
                try part.withUnsafeMutableBytes { try source.load(range, into: try #require($0.baseAddress)) }
                #expect(part == Array(found[range]))
            }
        }
    }

    @Test("Factors that cannot be told apart, or are of nothing, are refused")
    func refusals() throws {
        let folder = try TestFolder()
        let base = try folder.model(
            "base", [Sample("m.experts.up_proj", [2, 3, 3], 0), Sample("m.experts.x", [2, 3, 3], 0)])
        func adapter(_ parameters: String, _ modules: [String]) throws -> OpenModel {
            var (entries, size): ([String], Int) = ([], 0)
            for module in modules {
                for (factor, shape) in [("lora_A", "[2,3]"), ("lora_B", "[3,2]")] {
                    entries.append(entry("base_model.model.\(module).\(factor).weight", "F32", shape, size, size + 24))
                    size += 24
                }
            }
            let data = [UInt8](repeating: 0, count: size)
            try folder.write(
                safetensors(Array("{\(entries.joined(separator: ","))}".utf8), data: data),
                "a/adapter_model.safetensors")
            try folder.write(
                "{\"peft_type\": \"LORA\", \"r\": 1, \"target_parameters\": [\(parameters)]}", "a/adapter_config.json")
            return try OpenModel(at: folder.path + "/a", label: "a", base: base)
        }
        let both = ["m.experts", "m.experts.base_layer"]
        expectError(.data, ["nothing tells which factors are whose", "[2, 3, 3]"]) {
            _ = try adapter("\"experts.up_proj\", \"experts.x\"", both)
        }
        expectError(.data, ["has 2 pairs of factors", "names m.experts.x"]) { _ = try adapter("\"experts.x\"", both) }
        expectError(.data, ["names no parameter"]) { _ = try adapter("\"other.y\"", ["m.experts"]) }
        expectError(.data, ["changes m.experts.z, which base"]) { _ = try adapter("\"experts.z\"", ["m.experts"]) }
        #expect(try adapter("\"experts.x\"", ["m.experts"]).weights.map(\.name) == ["m.experts.x"])
    }
}
