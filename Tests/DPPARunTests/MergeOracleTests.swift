import DPPA
import DPPAScript
import Foundation
import Testing

/// The library's methods on models of odd shapes against a program of its own in NumPy: see Fixtures/library/generate.py.
@Suite struct MergeOracleTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        var name: String
        var method: String
        var experts: [String]
        var options: [String: MethodTests.Option]
        var testDescription: String { name }
    }

    static let folder = Folders.fixtures + "/library"
    static let cases = Result {
        try JSONDecoder().decode([Case].self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/cases.json")))
    }
    static let expected = Result { try Written(folder + "/expected.safetensors") }

    @Test func everyNewMethodHasCases() throws {
        let methods = Set(try Self.cases.get().map(\.method))
        let others: Set = ["average", "slerp", "task_arithmetic"]  // in MethodTests
        #expect(methods == Set(MergeMethods.all).subtracting(others).subtracting(MergeMethods.spectral))
        #expect(try Self.cases.get().count >= 105)
    }

    @Test(arguments: (try? cases.get()) ?? []) func agreesWithNumPy(_ entry: Case) throws {
        let experts = entry.experts.map { Self.folder + "/" + $0 }
        var options = MergeMethods.models(entry.method, base: Self.folder + "/base", experts: experts)
        // The recipes of sums have a smaller lambda than the methods.
        if ["breadcrumbs", "della_linear"].contains(entry.method) { options["lambda"] = "1" }
        for (name, value) in entry.options { options[name] = value.text }
        var engine = EngineOptions(threads: 2)
        engine.verifiesPrograms = true
        let model = try run("\(Folders.recipes)/\(entry.method).lua", options, engine: engine, in: Scratch()).model
        let expected = try Self.expected.get()
        let names = expected.tensors.keys.filter { $0.hasPrefix(entry.name + "/") }
        #expect(names.count == 7 && model.tensors.count == 8)
        for name in names {
            let tensor = String(name.dropFirst(entry.name.count + 1))
            let (found, right) = (model.floats(tensor), expected.floats(name))
            try #require(found.count == right.count)
            for index in right.indices {
                let allowed = 1e-6 * max(1, right[index].magnitude)
                #expect(
                    abs(found[index] - right[index]) <= allowed,
                    "\(tensor)[\(index)]: \(found[index]), expected \(right[index])")
            }
        }
    }
}
