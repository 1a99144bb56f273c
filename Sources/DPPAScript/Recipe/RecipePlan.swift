import DPPA

/// What a run of a recipe will do, without having read a weight.
package struct RecipePlan {
    /// One rule of the recipe: a named value or a model that is written.
    package struct Rule {
        package var name: String
        package var node: NodeID
        package var tensors: [TensorFacts]
        package var dtypes: [String: DType]
    }

    package let trace: RecipeTrace
    package let engine: EnginePlan
    package let rules: [Rule]
    /// What the run would warn of, as far as it can be known before.
    package let warnings: [String]
    /// How many differing nodes the expressions have.
    package let nodeCount: Int

    /// Plans what a trace has built; `dtype` is the type that all floating-point tensors are written in.
    ///
    /// Throws what writing would throw before its first read.
    package init(_ trace: RecipeTrace, dtype: DType?) throws {
        let session = trace.session
        let graph = session.graph
        var rules: [Rule] = []
        var models: [(node: NodeID, dtypes: [String: DType])] = []
        var notices: [String] = []
        var taken: Set<String>?
        for named in session.named {
            rules.append(
                Rule(
                    name: named.name, node: named.node,
                    tensors: graph.domain(of: named.node)?.tensors.map(graph.facts) ?? [], dtypes: [:]))
        }
        for result in session.results {
            try graph.requireModel(result.node)
            let parts = try ResultModels(graph, result)
            let facts = graph.domain(of: result.node)?.tensors.map(graph.facts) ?? []
            let dtypes = try OutputTypes(result, config: parts.config, wished: dtype ?? result.dtype, facts).types
            let sidecars = try Sidecars(result, parts, tensors: facts, dtype: dtype ?? result.dtype)
            for notice in sidecars.notices where !notices.contains(notice) { notices.append(notice) }
            taken = sidecars.taken.union(taken ?? [])
            models.append((result.node, dtypes))
            rules.append(
                Rule(
                    name: result.name ?? "model", node: result.node, tensors: facts,
                    dtypes: dtypes))
        }
        self.trace = trace
        self.rules = rules
        self.models = graph.models.map { ModelSummary($0, taken: taken) }
        warnings = trace.warnings + notices
        nodeCount = graph.count
        engine = try session.engine.plan(session.named.map(\.node), models: models)
    }

    /// Every rule as maths, with what several of them share on lines of its own.
    package var formulas: [(name: String, formula: String)] {
        trace.session.graph.formulas(rules.map { ($0.name, $0.node) })
    }

    /// The models that are opened.
    package let models: [ModelSummary]

    /// The options with the values that they took.
    package var options: [(name: String, value: String)] {
        trace.session.options.taken.map { ($0.name, RunRecord.Option.Value($0.value).shown()) }
    }
}
