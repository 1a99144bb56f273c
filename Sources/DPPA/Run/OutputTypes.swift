import DPPACheckpoint
import DPPAExpression
import DPPAKernels
import DPPASupport

/// The type that each tensor of a result is written in.
package struct OutputTypes {
    /// The types by name.
    package private(set) var types: [String: DType] = [:]
    /// What stays wider than was wished, in words.
    package private(set) var notices: [String] = []

    /// The type of a tensor that the result has.
    func type(of name: String) throws -> DType {
        guard let type = types[name] else {
            throw DPPAError(.internalFault, "no type was decided for \(name.shown)")
        }
        return type
    }

    /// The types of a result's tensors: those that its globs name, else the one that is wished for all of them, else that of the
    /// model whose config is used.
    ///
    /// Throws `data` when a glob matches no tensor, or two that match one tensor do not agree.
    package init(_ result: MergeResult, config: OpenModel, wished: DType?, _ tensors: [TensorFacts]) throws {
        var used: Set<String> = []
        var kept: [String] = []
        for facts in tensors {
            let matching = result.types.filter { Glob.matches($0.key, facts.name) }.sorted { $0.key < $1.key }
            used.formUnion(matching.map(\.key))
            guard let first = matching.first else {
                let type = config.outputDType(facts.name, wished: wished)
                types[facts.name] = type
                if let wished, type != wished { kept.append(facts.name) }
                continue
            }
            if let other = matching.first(where: { $0.value != first.value }) {
                throw DPPAError(
                    .data,
                    "types: \(facts.name.shown) matches '\(first.key.shown)', which is \(first.value.rawValue), and "
                        + "'\(other.key.shown)', which is \(other.value.rawValue)", notes: ["make the globs disjoint"])
            }
            types[facts.name] = first.value
        }
        if let unused = result.types.keys.filter({ !used.contains($0) }).min() {
            throw DPPAError(
                .data, "types: '\(unused.shown)' matches no tensor of the result",
                notes: ["its tensors are called \(Phrase.list(tensors.map(\.name), limit: 3)), …"])
        }
        guard !kept.isEmpty, let wished else { return }
        let type = types[kept[0]]?.rawValue ?? ""
        notices.append(
            "note: \(Phrase.list(kept)) stay\(kept.count == 1 ? "s" : "") \(type), as \(config.label) keeps "
                + "\(kept.count == 1 ? "it" : "them") among narrower tensors; :save(name, { types = { [\"\(kept[0].shown)\"] = "
                + "\"\(wished.rawValue.lowercased())\" } }) would round")
    }
}
