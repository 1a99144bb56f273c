import DPPA
import DPPAScript
import Foundation
import Testing

/// Every option of a merge method that may differ from tensor to tensor, or from expert to expert: each tensor has what it has
/// when its number is that of all.
@Suite struct PerTensorOptionTests {
    struct Option: Sendable, CustomTestStringConvertible {
        var method: String
        var name: String
        var isPerExpert: Bool
        var values: (String, String)
        var testDescription: String { "\(method) \(name)" }
    }

    static let options: [Option] = {
        let methods = (try? LibraryMethods.all()) ?? [:]
        return MergeMethods.all.flatMap { method -> [Option] in
            let declared = methods[method]?.first { $0.name == method }?.options ?? []
            return declared.filter { $0.spread != nil && !$0.finest.isCoarser(than: .tensor) }.map { option in
                // Of shares of a spectrum two small ones choose the same triplets.
                let isShare = ["star eta", "subspace_boosting beta"].contains("\(method) \(option.name)")
                return Option(
                    method: method, name: option.name, isPerExpert: option.spread == .expert,
                    values: (isShare ? "0.95" : "0.08", "0.04"))
            }
        }
    }()

    @Test func allMethodsOfDeltasHaveSome() {
        let methods = Set(Self.options.map(\.method))
        // The share of these is of the model as one.
        #expect(Set(MergeMethods.all).subtracting(methods) == ["localize_and_stitch", "model_stock"])
        #expect(Self.options.count > 50)
    }

    @Test(arguments: options) func aTensorHasWhatItHasWithItsNumberForAll(_ option: Option) throws {
        let scratch = try Scratch()
        try TinyModels.write(["base", "one", "two"], layers: 2, in: scratch.path)
        let (a, b) = option.values
        let globs = "{ [\"*.layers.0.*\"] = \(a), rest = \(b) }"
        let calls = [
            ("a", a), ("b", b), ("globs", globs), ("gradient", "dppa.gradient { \(a), \(b) }"),
            ("lists", option.isPerExpert ? "{ \(globs), \(b) }" : b),
            ("list", option.isPerExpert ? "{ \(a), \(b) }" : b),
        ]
        let arguments =
            switch option.method {
            case "average", "karcher", "fisher": "{ one, two }"
            case "passthrough": "one"
            case "slerp", "nearswap", "arcee_fusion": "base, one"
            default: "base, { one, two }"
            }
        // What a number of all tensors is calculated from would differ.
        let fixed = [
            "lines": option.name == "alpha" ? "" : "alpha = 0.4, ",
            "fisher": "importance = { dppa.weights(one) ^ 2, dppa.weights(two) ^ 2 }, ",
        ]
        let recipe = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local method = require "dppa.\(option.method)"
            local base, one, two = dppa.model "base", dppa.model "one", dppa.model "two"
            for name, value in pairs { \(calls.map { "\($0) = \($1)" }.joined(separator: ", ")) } do
              method(\(arguments), { \(fixed[option.method] ?? "")\(option.name) = value }):save(name)
            end
            """, "each.lua")
        _ = try run(recipe, dtype: .f32, in: scratch) { $0.modelRoots = [scratch.path] }
        let made = Dictionary(
            uniqueKeysWithValues: try calls.map { ($0.0, try Written(scratch.path + "/out/" + $0.0)) })
        for (name, _) in TinyModels.shapes(2) {
            let isFirst = name.contains(".layers.0.")
            let isEarly = isFirst || name.contains("embed")
            func bytes(_ call: String) -> [UInt8]? { made[call]?.tensors[name]?.bytes }
            #expect(bytes("globs") == bytes(isFirst ? "a" : "b"), "\(name) by glob")
            #expect(bytes("gradient") == bytes(isEarly ? "a" : "b"), "\(name) along depth")
            #expect(bytes("lists") == bytes(isFirst ? "list" : "b"), "\(name) for each expert")
        }
        // Weights that are divided by their sum are the same for all experts here.
        guard option.name != "weights" else { return }
        #expect(made["a"]?.tensors.mapValues(\.bytes) != made["b"]?.tensors.mapValues(\.bytes))
    }
}
