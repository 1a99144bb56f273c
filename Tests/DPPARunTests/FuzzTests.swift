import DPPA
import DPPAScript
import Foundation
import Testing

/// Random recipes against an interpreter in NumPy: see Fixtures/fuzz/generate.py.
@Suite struct FuzzTests {
    struct Case: Decodable {
        var name: String
        var recipe: String
        /// By tensor, the largest allowed absolute difference; 0 where none is given.
        var tolerance: [String: Double]
        /// By tensor, every how many elements are in the fixture.
        var stride: [String: Int]
    }

    static let folder = Folders.fixtures + "/fuzz"

    @Test func everyCaseAgreesWithTheInterpreter() throws {
        let cases = try JSONDecoder().decode(
            [Case].self, from: Data(contentsOf: URL(fileURLWithPath: Self.folder + "/cases.json")))
        #expect(cases.count > 150)
        let expected = try Written(Self.folder + "/expected.safetensors")
        let scratch = try Scratch()
        for model in ["base", "a", "b"] {
            try FileManager.default.createSymbolicLink(
                atPath: scratch.path + "/" + model, withDestinationPath: Self.folder + "/" + model)
        }
        for entry in cases {
            let recipe = try scratch.write(entry.recipe, "recipe.lua")
            let written: Written
            do {
                written = try run(recipe, dtype: .f32, in: scratch) { $0.modelRoots = [Self.folder] }.model
            } catch {
                Issue.record(
                    "\(entry.name): \((error as? DPPAError)?.rendered(sources: [:]) ?? "\(error)")\n\(entry.recipe)")
                continue
            }
            for name in expected.tensors.keys where name.hasPrefix(entry.name + "/") {
                let tensor = String(name.dropFirst(entry.name.count + 1))
                compare(written.floats(tensor), expected.floats(name), entry, tensor)
            }
        }
    }

    private func compare(_ all: [Float], _ expected: [Float], _ entry: Case, _ tensor: String) {
        let step = entry.stride[tensor] ?? 1
        let found = step == 1 ? all : stride(from: 0, to: all.count, by: step).map { all[$0] }
        guard found.count == expected.count else {
            Issue.record("\(entry.name) \(tensor): \(found.count) elements, expected \(expected.count)")
            return
        }
        let tolerance = entry.tolerance[tensor] ?? 0
        for (index, (a, b)) in zip(found, expected).enumerated()
        where !(a == b || (a.isNaN && b.isNaN) || abs(Double(a) - Double(b)) <= tolerance) {
            Issue.record(
                "\(entry.name) \(tensor)[\(index * step)]: \(a), expected \(b) ± \(tolerance)\n\(entry.recipe)")
            return
        }
    }
}
