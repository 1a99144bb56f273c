import DPPA

/// What one run of a recipe has built, and what it may do: the context of every call from Lua.
package final class RecipeSession {
    package let graph: Graph
    package let paths: PathRules
    package let options: RecipeOptions
    /// Runs the engine while Lua waits.
    package let engine: Engine
    /// What the recipe or `--set` called each model, by path.
    var writtenNames: [String: [String]] = [:]
    /// The pairs of models, by label and path, whose config.json have been compared and may meet.
    var compared: Set<[String]> = []
    /// The models, by path, whose config.json may say that they do not fit.
    var looselyFitting: Set<String> = []
    /// Where saved models and their small files come to lie.
    var savedPlaces = SavedPlaces()
    /// The small files of results, by what they depend on.
    var smallFiles: [[String]: [String]] = [:]
    /// Those of them that have been described for the record.
    private var described: [RunRecord.Model] = []
    package private(set) var results: [MergeResult] = []
    package private(set) var named: [MergeRun.Named] = []
    /// Nodes whose numbers went into the recipe, or that were made into others: what they depend on is used.
    package private(set) var looked: [NodeID] = []
    /// What shipped modules have made, which may well be left unused.
    var shipped: Set<NodeID> = []
    /// What the first number that was not finite came from, for the errors that it leads to.
    private(set) var unsound: String?
    /// Where a dry run needed a number that only the weights can give.
    package private(set) var stop: DPPAError.Location?
    /// How some ranks would share the scoring at that place, in words, where it is one.
    private(set) var planned: (_ ranks: Int) throws -> [String] = { _ in [] }
    let isDry: Bool
    /// What was noticed while the recipe ran.
    package private(set) var warnings: [String] = []
    /// Tables that the recipe adds to the report.
    package private(set) var tables: [ReportTable] = []
    /// The methods that have been declared, by number.
    package private(set) var methods: [MethodDeclaration] = []
    private var tableCells = 0
    /// What the recipe has had scored.
    package private(set) var scores: [RunRecord.ScoredModel] = []
    /// Names in use, with the number that the next node of that name tries first.
    private var usedNames: [String: Int] = [:]
    private var namedNodes: Set<NamedNode> = []
    private struct NamedNode: Hashable {
        var node: NodeID
        var name: String
    }
    let dtype: DType?
    private let journal: ScoreJournal
    private let evaluator: ExternalEvaluator?
    /// What may still be written.
    package let budget: WriteBudget
    private lazy var scorer = Scorer(
        engine, dtype: dtype, journal: journal,
        external: evaluator.map { evaluator in
            Scorer.External(evaluator) { [unowned self] node, directory in try write(node, directory) }
        })
    /// How ranks have shared the scoring, in words, with how often each.
    var sharing: [(words: String, count: Int)] { scorer.sharing }
    private var tasks: [String: EvaluationTask] = [:]
    /// JSON files that a bundle brings, by the paths that the recipe has for them.
    var bundledTables: [String: String] = [:]
    /// What is made block by block, in the order in which it was begun.
    var layerwise: [LayerwiseResult] = []
    /// What is known of the inputs of models on texts, by both and by what was asked for.
    var knownInputs: [UInt128: ToldInputs] = [:]
    /// The digests of the files that models were scored on, by the names of the tasks.
    private(set) var taskDigests: [String: String] = [:]

    package init(
        paths: PathRules, options: RecipeOptions, engineOptions: EngineOptions, observer: (any EngineObserver)? = nil,
        dtype: DType? = nil, journal: ScoreJournal = ScoreJournal(path: nil), evaluator: ExternalEvaluator? = nil,
        budget: WriteBudget = WriteBudget(.max), isDry: Bool = false
    ) {
        self.budget = budget
        self.isDry = isDry
        graph = Graph()
        engine = Engine(graph, options: engineOptions, observer: observer)
        self.dtype = dtype
        self.journal = journal
        self.evaluator = evaluator
        self.paths = paths
        self.options = options
    }

    /// The models that are open, each once, as the record tells of them.
    func describeModels() -> [RunRecord.Model] {
        for model in graph.openedModels where !described.contains(where: { $0.label == model.label }) {
            described.append(RunRecord.Model(model, written: writtenNames[model.path] ?? []))
        }
        return described
    }

    /// The index of the model that a node is, for `tokenizer = model` and the like.
    func modelIndex(_ id: NodeID) -> Int? {
        if case .source(let model) = graph[id].operation { model } else { nil }
    }

    /// Adds a model to what is written; a part of one only where the recipe says so.
    func add(_ result: MergeResult, isPartial: Bool = false) throws {
        try graph.requireWritable(result.node)
        if !isPartial, graph.adapters[result.node] == nil { try requireWhole(result) }
        try requireCounted(result)
        try compareConfigs(result)
        if let reason = result.name.flatMap(Self.reservedName) {
            throw DPPAError(.data, reason, notes: ["save it under another name"], location: graph.location)
        }
        if results.contains(where: { $0.name == result.name }) {
            throw DPPAError(
                .data, "two models are saved under the name '\(result.name ?? "")'",
                notes: ["give each :save its own name"], location: graph.location)
        }
        guard results.count < 1000 else {
            throw DPPAError(.limit, "the recipe saves more than 1000 models", location: graph.location)
        }
        results.append(result)
    }

    /// Why no model can be saved under a name; nil when one can.
    static func reservedName(_ name: String) -> String? {
        ModelFolder.owns(file: name) || ModelFolder.owns(folder: name)
            ? "save: '\(name)' is the name of a part of a model, so no model of its own can be saved under it" : nil
    }

    /// Throws when a result lacks tensors of the model whose config it gets: a reader would fill them with noise.
    private func requireWhole(_ result: MergeResult) throws {
        guard let model = result.config.map({ graph.models[$0] }) ?? graph.startingModel(of: result.node) else {
            return
        }
        let own = Set(graph.domain(of: result.node)?.tensors.map { graph.facts($0).name } ?? [])
        let lacking = model.weights.map(\.name).filter { !own.contains($0) }
        guard !lacking.isEmpty else { return }
        let what = result.name.map { "the model '\($0)'" } ?? "the returned model"
        throw DPPAError(
            .data,
            "\(what) lacks \(lacking.count) of the \(Phrase.counted(model.weights.count, "tensor")) of \(model.title)",
            notes: [
                "missing: \(Phrase.list(lacking))",
                "add a part of a delta to the whole model, base + delta:select \"…\", or keep the rest with delta:apply(rule)",
                "a part is written on request: model:save(name, { partial = true })",
            ], location: graph.location)
    }

    /// Throws when a result gets the config.json of a model with fewer layers: a reader would leave out the others.
    private func requireCounted(_ result: MergeResult) throws {
        guard let model = result.config.map({ graph.models[$0] }), let count = model.layerCount,
            let blocks = try? LayerStack.Blocks(of: model).name
        else { return }
        let layers = graph.tensors(of: result.node).map(graph.facts).filter { $0.stack == blocks }.compactMap(\.layer)
        guard let last = layers.max(), last >= count else { return }
        throw DPPAError(
            .data,
            "config.json of \(model.title) counts \(Phrase.counted(count, "layer")), and the result has \(last + 1)",
            notes: ["a stack has a config.json of its own: dppa.stack({ … }, { config = model })"],
            location: graph.location)
    }

    /// Names a coarse node; a name that stands for another node already gets a number.
    ///
    /// Throws a `limit` error when there are too many.
    func name(_ node: NodeID, _ name: String) throws {
        guard namedNodes.insert(NamedNode(node: node, name: name)).inserted else { return }
        guard named.count < 10_000 else {
            throw DPPAError(.limit, "the recipe names more than 10000 values", location: graph.location)
        }
        let label = graph[node].label.map { " (\($0))" } ?? ""
        let plain = name + (usedNames[name] == nil ? "" : label)
        var (unique, number) = (plain, usedNames[plain] ?? 2)
        while usedNames[unique] != nil {
            unique = "\(name)\(label) (\(number))"
            number += 1
        }
        usedNames[plain] = number
        usedNames[unique] = usedNames[unique] ?? 2
        namedNodes.insert(NamedNode(node: node, name: unique))
        named.append(MergeRun.Named(name: unique, node: node))
    }

    /// The numbers of a coarse node, computed now.
    func values(_ node: NodeID) throws -> [(name: String, value: Double)] {
        looked.append(node)
        try requireWet()
        try engine.run([node])
        let values = try engine.values(node) ?? []
        if unsound == nil, let value = values.first(where: { !$0.value.isFinite })?.value {
            let models = engine.report.nonFiniteInputs
            unsound =
                "value()" + (graph.location.map { " on line \($0.line)" } ?? "") + " gave \(value): "
                + (models.isEmpty
                    ? "every element that was read is finite, but `\(graph.formula(node, depth: 3))` is not"
                    : models.map {
                        "\($0.label) has \(Phrase.counted($0.count, "infinite or NaN element")), for example in \($0.tensor.shown)"
                    }.joined(separator: "; "))
        }
        return values
    }

    /// The scores of models on the first share of the questions of task files; `skips` if the recipe goes on without them when they
    /// cannot be had.
    ///
    /// A file written as `external:NAME` is a task that the external program knows.
    func score(
        _ models: [NodeID], on files: [(name: String?, path: String)], share: Double = 1, skips: Bool = false
    ) throws -> [[Score]] {
        // Opened before a dry run ends here, so that `check` tells of what is wrong with them.
        let tasks = try files.map { file -> ScoredTask in
            if let name = ScoredTask.externalName(file.path) { return .external(name) }
            var task = try self.task(file.path)
            task.name = file.name ?? task.name
            return .builtIn(task)
        }
        scorer.sharesFailures = skips
        defer { scorer.sharesFailures = false }
        return try score(models, on: tasks, share: share)
    }

    /// The task of a file, read once.
    private func task(_ path: String) throws -> EvaluationTask {
        let place = try paths.resolve(path, for: .file)
        let task = try tasks[place.path] ?? EvaluationTask(path: place.path)
        for file in task.files { try paths.requireApart(from: file) }
        tasks[place.path] = task
        return task
    }

    /// The task of a file that models are run on; the record tells of it.
    func calibrationTask(_ path: String) throws -> EvaluationTask {
        let task = try self.task(path)
        taskDigests[task.name] = task.digest
        return task
    }

    /// The scores of models on the first share of the questions of tasks that are open.
    package func score(_ models: [NodeID], on tasks: [ScoredTask], share: Double = 1) throws -> [[Score]] {
        if let twice = tasks.first(where: { task in tasks.count { $0.name == task.name } > 1 }) {
            throw DPPAError(
                .data, "two tasks have the name '\(twice.name)'",
                notes: ["give them names: { a = \"file\", b = \"file\" }"], location: graph.location)
        }
        for case .builtIn(let task) in tasks { taskDigests[task.name] = task.digest }
        looked += models
        if isDry {
            try scorer.requireScorable(models, on: tasks)
            planned = { [scorer] in try scorer.plans(models, on: tasks, share: share, ranks: $0) }
        }
        try requireWet()
        let found = try scorer.score(models, on: tasks, share: share)
        for (model, row) in zip(models, found) {
            let name = modelIndex(model).map { graph.models[$0].label } ?? graph.formula(model)
            // A search of any length must not fill the card.
            scores += row.prefix(10_000 - scores.count).map { RunRecord.ScoredModel(model: name, score: $0) }
        }
        return found
    }

    /// Writes a candidate into a directory that exists.
    private func write(_ node: NodeID, _ directory: String) throws {
        _ = try MergeRun(engine, settings: MergeRun.Settings(dtype: dtype), budget: budget)
            .write([MergeResult(node: node)], to: directory)
    }

    /// Makes known that nodes are used, although no result depends on them.
    func use(_ nodes: [NodeID]) { looked += nodes }

    /// Adds a warning, once.
    func warn(_ text: String) { if !warnings.contains(text) { warnings.append(text) } }

    /// Adds a method and gives its number.
    func add(_ method: MethodDeclaration) throws -> Int {
        guard methods.count < 1000 else {
            throw DPPAError(.limit, "the recipe declares more than 1000 methods", location: graph.location)
        }
        methods.append(method)
        return methods.count - 1
    }

    /// Adds a table to the report; one whose name is in use gets a number, because hours may have gone into it.
    func add(_ table: ReportTable) throws {
        var (table, number) = (table, 2)
        let name = table.name
        while tables.contains(where: { $0.name == table.name }) {
            table.name = "\(name) (\(number))"
            number += 1
        }
        if table.name != name {
            warnings.append(
                "warning: two tables of the report have the name '\(name)'; the later one is '\(table.name)'")
        }
        tableCells += table.columns.count + table.rows.count * max(1, table.columns.count)
        guard tableCells <= 1_000_000, tables.count < 1000 else {
            throw DPPAError(
                .limit, "the tables of the report have more than 1000000 cells", location: graph.location)
        }
        tables.append(table)
    }

    /// Ends a dry run where it would have to read weights.
    private func requireWet() throws {
        guard isDry else { return }
        stop = graph.location ?? DPPAError.Location(file: "", line: 0)
        throw DPPAError(.data, "the recipe depends on a measured value here", location: graph.location)
    }
}
