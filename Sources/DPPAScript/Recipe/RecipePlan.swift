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
    /// The adapters that are written, by name.
    package let adapters: [(name: String, plan: AdapterPlan)]
    /// The models that are written as packs, by name, with the labels of what they go onto.
    package let packs: [(name: String, base: String)]
    /// What the run would warn of, as far as it can be known before.
    package let warnings: [String]
    /// How ranks would share the first scoring, in words; empty where there is none, or one process.
    package let scoring: [String]
    /// How many differing nodes the expressions have.
    package let nodeCount: Int

    /// Plans what a trace has built, for some ranks; `dtype` is the type that all floating-point tensors are written in.
    ///
    /// Throws what writing would throw before its first read.
    package init(_ trace: RecipeTrace, dtype: DType?, ranks: Int = 1) throws {
        let session = trace.session
        let graph = session.graph
        var rules: [Rule] = []
        var models: [(node: NodeID, dtypes: [String: DType])] = []
        var notices: [String] = []
        var taken: Set<String>?
        var adapters: [(name: String, plan: AdapterPlan)] = []
        var packs: [(name: String, base: String)] = []
        var requests = session.named.map(\.node)
        for named in session.named {
            rules.append(
                Rule(
                    name: named.name, node: named.node,
                    tensors: graph.domain(of: named.node)?.tensors.map(graph.facts) ?? [], dtypes: [:]))
        }
        for result in session.results {
            try graph.requireWritable(result.node)
            if let form = graph.adapters[result.node] {
                let adapter = AdapterPlan(graph, form, dtype: dtype ?? result.dtype)
                for node in [form.factors.down, form.factors.up] + [form.whole].compactMap(\.self) {
                    let names = graph.tensors(of: node).map { graph.facts($0).name }
                    models.append((node, Dictionary(uniqueKeysWithValues: names.map { ($0, adapter.dtype) })))
                }
                requests += form.requests
                rules.append(
                    Rule(
                        name: result.name ?? "adapter", node: result.node,
                        tensors: adapter.modules.map(\.facts) + adapter.whole, dtypes: [:]))
                adapters.append((result.name ?? "adapter", adapter))
                continue
            }
            let parts = try ResultModels(graph, result)
            let facts = graph.domain(of: result.node)?.tensors.map(graph.facts) ?? []
            let dtypes = try OutputTypes(result, config: parts.config, wished: dtype ?? result.dtype, facts).types
            let sidecars = try Sidecars(result, parts, tensors: facts, dtype: dtype ?? result.dtype)
            for notice in sidecars.notices where !notices.contains(notice) { notices.append(notice) }
            taken = sidecars.taken.union(taken ?? [])
            if let index = result.pack {
                let target = try PackTarget(graph, index)
                try target.require(OutputPlan(graph, result, parts, dtype: dtype ?? result.dtype).tensors)
                packs.append((result.name ?? "model", target.model.label))
            }
            models.append((result.node, dtypes))
            rules.append(
                Rule(
                    name: result.name ?? "model", node: result.node, tensors: facts,
                    dtypes: dtypes))
        }
        self.trace = trace
        (self.adapters, self.packs) = (adapters, packs)
        self.rules = rules
        self.models = graph.openedModels.map { ModelSummary($0, taken: taken) }
        warnings = trace.warnings + notices
        nodeCount = graph.count
        engine = try session.engine.plan(requests, models: models, ranks: ranks)
        scoring = ranks > 1 ? try session.planned(ranks) : []
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
