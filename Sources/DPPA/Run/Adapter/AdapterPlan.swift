import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPAKernels
import DPPASupport

/// What an adapter holds: the factors of which modules, and what is kept beside them.
package struct AdapterPlan {
    /// A matrix with factors.
    package struct Module {
        package var facts: TensorFacts
        /// The module's path in a model's class.
        package var path: String
        /// The rank, or the largest that it may have.
        package var rank: Int
    }

    /// The model that it goes onto.
    package let base: OpenModel
    package let names: AdapterNames
    /// In the order of the tensors' names.
    package let modules: [Module]
    /// The tensors that are written whole, with the delta on them.
    package let whole: [TensorFacts]
    /// The tensors of the delta that are left out.
    package let dropped: [TensorFacts]
    /// Whether only the weights tell the ranks.
    package let isOpen: Bool
    /// The type of all that is written.
    package let dtype: DType

    /// Without a wish, factors are float32: what they are trained in.
    package init(_ graph: Graph, _ form: AdapterForm, dtype: DType?) {
        base = graph.models[form.base]
        names = form.names
        self.dtype = dtype ?? .f32
        isOpen = form.factors.rank != nil
        let ranks = graph.tensors(of: form.factors.up).map { (graph.facts($0).name, graph.facts($0).shape[1]) }
        modules = ranks.compactMap { [names, base] name, rank in
            base[name].map { Module(facts: $0.facts, path: names.module($0.facts), rank: rank) }
        }
        whole = form.whole.map(graph.tensors)?.map(graph.facts) ?? []
        dropped = form.dropped
    }

    /// Whether a tensor that is written whole belongs to a module with factors.
    func isBeside(_ facts: TensorFacts) -> Bool { modules.contains { $0.path == names.module(facts) } }

    /// The tensors of the file in the order of their names, with ranks by the names of the base's tensors.
    func tensors(_ ranks: [String: Int] = [:]) -> [CheckpointWriter.Tensor] {
        var tensors = modules.flatMap { module -> [CheckpointWriter.Tensor] in
            let (keys, shape) = (names.factors(module.facts), module.facts.shape)
            let rank = ranks[module.facts.name] ?? module.rank
            let (rows, columns) = names.isTransposed ? (shape[1], shape[0]) : (shape[0], shape[1])
            return [
                CheckpointWriter.Tensor(name: keys.down, shape: [rank, columns], dtype: dtype),
                CheckpointWriter.Tensor(name: keys.up, shape: [rows, rank], dtype: dtype),
            ]
        }
        tensors += whole.map {
            CheckpointWriter.Tensor(name: names.whole($0, isBeside: isBeside($0)), shape: $0.shape, dtype: dtype)
        }
        return tensors.sorted { Graph.precedes($0.name, $1.name) }
    }

    /// What is written, in words.
    package var words: String {
        let ranks = modules.map(\.rank)
        let (least, most) = (ranks.min() ?? 0, ranks.max() ?? 0)
        let size = isOpen ? "at most \(most)" : least == most ? "\(most)" : "\(least) to \(most)"
        let elements = tensors().reduce(0) { $0 + $1.shape.reduce(1, *) }
        return "\(Phrase.counted(modules.count, "module")) of rank \(size) on \(base.label), "
            + "\(isOpen ? "at most " : "")\(elements) parameters in \(dtype.rawValue.lowercased())"
            + (whole.isEmpty ? "" : "; \(Phrase.counted(whole.count, "tensor")) whole")
            + (dropped.isEmpty ? "" : "; left out: \(Phrase.list(dropped.map(\.name.shown)))")
    }
}
