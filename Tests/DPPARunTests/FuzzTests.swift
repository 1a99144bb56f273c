import DPPA
import DPPAScript
import Foundation
import Testing

/// Random recipes against an interpreter in NumPy: see Fixtures/fuzz/generate.py.
@Suite struct FuzzTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        var name: String
        var recipe: String
        /// By tensor, the largest allowed absolute difference; 0 where none is given.
        var tolerance: [String: Double]
        /// By tensor, every how many elements are in the fixture.
        var stride: [String: Int]
        var testDescription: String { name }
    }

    static let folder = Folders.fixtures + "/fuzz"

    static let cases = Result {
        try JSONDecoder().decode([Case].self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/cases.json")))
    }
    static let expected = Result { try Written(folder + "/expected.safetensors") }

    @Test func thereAreManyCases() throws {
        #expect(try Self.cases.get().count > 150)
        let named = Set(try Self.cases.get().map(\.name))
        #expect(try Self.expected.get().tensors.keys.allSatisfy { named.contains(String($0.prefix { $0 != "/" })) })
    }

    @Test func everyOperationIsInARecipe() throws {
        let recipes = try Self.cases.get().map(\.recipe).joined()
        let written =
            (UnaryOp.allCases.map(\.facts) + BinaryOp.allCases.map(\.facts)).map { facts in
                switch facts.spelling {
                case .function: "dppa.\(facts.symbol)("
                case .method: ":\(facts.symbol)("
                case .prefix: "(\(facts.symbol)"
                case .infix: " \(facts.symbol) "
                }
            } + Reduction.allCases.map { "dppa.\($0)(" }
        #expect(written.filter { !recipes.contains($0) }.isEmpty)
    }

    @Test(arguments: (try? cases.get()) ?? []) func agreesWithTheInterpreter(_ entry: Case) throws {
        let scratch = try Scratch()
        for model in ["base", "a", "b"] {
            try FileManager.default.createSymbolicLink(
                atPath: scratch.path + "/" + model, withDestinationPath: Self.folder + "/" + model)
        }
        var engine = EngineOptions(threads: 2)
        engine.verifiesPrograms = true
        let recipe = try scratch.write(entry.recipe, "recipe.lua")
        let written = try run(recipe, dtype: .f32, engine: engine, in: scratch) { $0.modelRoots = [Self.folder] }.model
        let expected = try Self.expected.get()
        let names = expected.tensors.keys.filter { $0.hasPrefix(entry.name + "/") }
        #expect(!names.isEmpty)
        for name in names {
            let tensor = String(name.dropFirst(entry.name.count + 1))
            compare(written.floats(tensor), expected.floats(name), entry, tensor)
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
