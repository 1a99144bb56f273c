import DPPA

/// A recipe's models on a few tensors: what it changes there.
package struct RecipeTrial {
    /// What becomes of one tensor.
    package struct Row {
        package var model: String
        package var tensor: String
        package var count: Int
        /// The share of elements that differ from the model that the expression starts from.
        package var changed: Double
        /// ‖new − old‖ / ‖old‖ and the norms themselves.
        package var before: Double
        package var after: Double
        package var difference: Double
        /// max |new − old|.
        package var largest: Double
    }

    package let rows: [Row]
    /// The named values on these tensors.
    package let named: [RunRecord.NamedValue]

    /// Tries the models of a trace on the tensors whose names match a glob.
    ///
    /// Values of layers and of the model are those of the whole selection, so they may need more tensors than these.
    package init(_ trace: RecipeTrace, glob: String) throws {
        let session = trace.session
        let graph = session.graph
        graph.location = nil
        var measures: [(name: String, nodes: [NodeID])] = []
        for result in session.results {
            try graph.requireWritable(result.node)
            // An adapter is tried on its base.
            let base = try graph.adapters[result.node].map { try graph.source(graph.models[$0.base]) }
            let node = try base.map { try graph.binary(.add, $0, result.node) } ?? result.node
            guard let start = graph.startingModel(of: base ?? node) else { continue }
            let new = try graph.reinterpret(graph.select(node, globs: [glob]), as: .value)
            let old = try graph.reinterpret(graph.select(graph.source(start), globs: [glob]), as: .value)
            let delta = try graph.binary(.subtract, new, old)
            let nodes = [
                try graph.reduce(.count, graph.binary(.notEqual, new, old), over: .tensor),
                try graph.reduce(.norm, old, over: .tensor), try graph.reduce(.norm, new, over: .tensor),
                try graph.reduce(.norm, delta, over: .tensor),
                try graph.reduce(.max, graph.unary(.abs, delta), over: .tensor),
            ]
            measures.append((result.name ?? "model", nodes))
        }
        // A named value of other tensors, such as those of a part that the glob leaves out, is not asked for.
        let named = session.named.compactMap { named -> MergeRun.Named? in
            guard graph[named.node].scope == .tensor else { return named }
            guard let part = try? graph.select(named.node, globs: [glob]) else { return nil }
            return MergeRun.Named(name: named.name, node: part)
        }
        try session.engine.run(measures.flatMap(\.nodes) + named.map(\.node))
        rows = try measures.flatMap { measure -> [Row] in
            let columns = try measure.nodes.map { try session.engine.values($0) ?? [] }
            let facts = graph.tensors(of: measure.nodes[0]).map(graph.facts)
            return facts.enumerated().map { index, facts in
                let values = columns.map { $0[index].value }
                return Row(
                    model: measure.name, tensor: facts.name, count: facts.numel,
                    changed: values[0] / Double(max(1, facts.numel)), before: values[1], after: values[2],
                    difference: values[3], largest: values[4])
            }
        }
        self.named = try named.map { try RunRecord.NamedValue($0, session.engine) }
    }
}
