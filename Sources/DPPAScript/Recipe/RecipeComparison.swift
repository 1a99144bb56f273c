import DPPA
import SystemPackage

/// Recipes on the same models, each with the same choice of coefficients and scored on the same tasks.
package final class RecipeComparison {
    /// What is compared, and how.
    package struct Request {
        /// The recipes' names with their files.
        package var recipes: [(name: String, path: String)]
        /// What all recipes are given; each takes the options that it has.
        package var run: RecipeRun.Request
        /// What merged − base is multiplied by, one after the other.
        package var coefficients: [Double]
        /// The seeds of recipes that draw at random; none leaves each its own.
        package var seeds: [Int]
        /// The tasks on which a coefficient is searched, and those that are shown; none: the same.
        package var searched: [ScoredTask]
        package var shown: [ScoredTask]

        /// A request, all given.
        package init(
            recipes: [(name: String, path: String)], run: RecipeRun.Request, coefficients: [Double], seeds: [Int],
            searched: [ScoredTask], shown: [ScoredTask]
        ) {
            (self.recipes, self.run, self.coefficients) = (recipes, run, coefficients)
            (self.seeds, self.searched, self.shown) = (seeds, searched, shown)
        }
    }

    private let request: Request
    private let journal: ScoreJournal
    private let observer: (any EngineObserver)?
    private let isInterrupted: @Sendable () -> Bool
    /// The texts of the recipe files that were read, by name, for error messages.
    package private(set) var sources: [String: String] = [:]

    package init(
        _ request: Request, observer: (any EngineObserver)? = nil,
        isInterrupted: @escaping @Sendable () -> Bool = { false }
    ) {
        (self.request, self.observer, self.isInterrupted) = (request, observer, isInterrupted)
        journal = request.run.journal ?? ScoreJournal(path: nil)
    }

    /// A recipe after a first look, which has read no weight.
    private struct Candidate {
        var name: String
        var path: String
        var offered: [OptionDeclaration]
        var models: [OpenModel]
        var base: OpenModel?
        /// Where the first look ended early; what is declared behind it is not known.
        var stop: DPPAError.Location?

        /// Whether it has an option, or may have.
        func offers(_ option: String) -> Bool { stop != nil || offered.contains { $0.name == option } }
    }

    /// Compares.
    ///
    /// Throws before any score is paid for what a look at all recipes shows: mistakes in one, an option that none has, a model
    /// that not all are about. What fails later is its recipe's row.
    package func run() throws -> MethodComparison {
        let recipes = try request.recipes.map(look)
        try requireKnownOptions(recipes)
        // The one with most models speaks for all: slerp, for one, calls the first of its two models its base.
        let widest = recipes.max { $0.models.count < $1.models.count }
        let base = widest?.base ?? recipes.lazy.compactMap(\.base).first
        let models = try models(of: recipes, base, widest)
        let scored = try score(models)
        var comparison = MethodComparison(models: scored, entries: [], isHeldOut: !request.shown.isEmpty)
        if let task = comparison.taskWithoutScore {
            throw DPPAError(
                .data, "none of the models scores anything on '\(task)', so nothing can be measured against them",
                notes: ["leave the task out, or check that it was made with the models' tokenizer"])
        }
        for recipe in recipes { comparison.entries.append(try entry(recipe, base, models, comparison)) }
        return comparison
    }

    /// Traces a recipe without reading weights.
    private func look(_ recipe: (name: String, path: String)) throws -> Candidate {
        var own = request.run
        own.allowsUnknownOptions = true
        let trace = try trace(recipe.path, own, isDry: true)
        let session = trace.session
        let taken = session.options.taken
        let base = taken.first { $0.name == "base" }?.value.text
        return Candidate(
            name: recipe.name, path: recipe.path, offered: taken.map(\.declaration), models: session.graph.models,
            base: base.flatMap(session.model(written:)), stop: trace.stop)
    }

    private func trace(_ path: String, _ own: RecipeRun.Request, isDry: Bool = false) throws -> RecipeTrace {
        var own = own
        own.journal = journal
        let run = RecipeRun(path)
        defer { sources.merge(run.sources) { first, _ in first } }
        return try run.trace(own, isDry: isDry, observer: observer, isInterrupted: isInterrupted)
    }

    private func requireKnownOptions(_ recipes: [Candidate]) throws {
        for name in request.run.options.keys.sorted() where !recipes.contains(where: { $0.offers(name) }) {
            let known = Set(recipes.flatMap { $0.offered.map(\.name) }).sorted()
            throw DPPAError(
                .usage, "none of the recipes has an option '\(name)'",
                notes: [Suggestions.sentence(for: name, among: known)].filter { !$0.isEmpty })
        }
        guard request.seeds.isEmpty || recipes.contains(where: { $0.offers("seed") }) else {
            throw DPPAError(
                .usage, "--seeds: none of the recipes draws anything at random", notes: ["leave --seeds out"])
        }
    }

    /// The base and every expert, each once.
    ///
    /// Throws when a recipe reads a model that the recipe with most models does not: its own default, most likely.
    private func models(of recipes: [Candidate], _ base: OpenModel?, _ widest: Candidate?) throws -> [OpenModel] {
        var models: [OpenModel] = []
        for model in [base].compactMap({ $0 }) + (widest?.models ?? []) where model.space == .model {
            if !models.contains(where: model.isSame) { models.append(model) }
        }
        for recipe in recipes {
            for model in recipe.models where model.space == .model && !models.contains(where: model.isSame) {
                throw DPPAError(
                    .usage, "\(recipe.name) reads \(model.title), which \(widest?.name ?? "") does not",
                    notes: [
                        "all recipes have to merge the same models: --set base=… and --set experts=… of each that has them",
                        "\(recipe.name) has the options \(Phrase.list(recipe.offered.map(\.name)))",
                    ])
            }
        }
        return models
    }

    /// The models' own scores.
    private func score(_ models: [OpenModel]) throws -> [MethodComparison.Model] {
        let own = request.run
        let session = RecipeSession(
            paths: PathRules(recipeFolder: ".", granted: [], roots: [], hub: HubCache(own.environment)),
            options: RecipeOptions([:]), engineOptions: own.engine, observer: observer, dtype: own.dtype,
            journal: journal,
            evaluator: own.evaluator, budget: WriteBudget(own.writtenLimit))
        let nodes = try models.map { try session.graph.source($0) }
        let searched = try session.score(nodes, on: request.searched)
        let shown = request.shown.isEmpty ? searched : try session.score(nodes, on: request.shown)
        return models.indices.map {
            MethodComparison.Model(label: models[$0].label, searched: searched[$0], shown: shown[$0])
        }
    }

    /// A recipe's row; what fails is told in it, unless the person has stopped the work or the program is at fault.
    private func entry(
        _ recipe: Candidate, _ base: OpenModel?, _ models: [OpenModel], _ comparison: MethodComparison
    ) throws -> MethodComparison.Entry {
        var entry = MethodComparison.Entry(name: recipe.name, notes: notes(on: recipe, base, models))
        let seeds: [Int?] = recipe.offers("seed") && !request.seeds.isEmpty ? request.seeds : [nil]
        for seed in seeds {
            do {
                let (trial, unknown) = try trial(recipe, seed, base, comparison)
                entry.trials.append(trial)
                let lacking = unknown.filter { !["base", "seed"].contains($0) }
                if entry.trials.count == 1, !lacking.isEmpty {
                    entry.notes.append("has no option \(Phrase.list(lacking))")
                }
                if trial.seed == nil { break }
            } catch let error as DPPAError where error.code != .interrupted && error.code != .internalFault {
                entry.failure = seed.map { "with seed \($0): " + error.message } ?? error.message
                break
            }
        }
        let taken = entry.trials.compactMap { $0.candidates[$0.taken].coefficient }
        if request.coefficients.count > 1 {
            for end in Set([request.coefficients.min(), request.coefficients.max()].compactMap { $0 })
                .intersection(taken).sorted()
            {
                entry.notes.append("best at the end of the coefficients, \(end): try some beyond")
            }
        }
        return entry
    }

    private func notes(on recipe: Candidate, _ base: OpenModel?, _ models: [OpenModel]) -> [String] {
        var notes: [String] = []
        if let base, let own = recipe.base, !own.isSame(base) {
            notes.append("calls \(own.label) its base; its coefficient is of merged - \(base.label) all the same")
        }
        let missed = models.filter { model in
            base.map(model.isSame) != true && !recipe.models.contains(where: model.isSame)
        }
        if !missed.isEmpty, recipe.stop == nil { notes.append("does not read \(Phrase.list(missed.map(\.label)))") }
        if base == nil { notes.append("no recipe has an option base, so no coefficient is searched") }
        return notes
    }

    /// A recipe with one seed: its candidates, and the scores of the best; and which options it does not have.
    private func trial(
        _ recipe: Candidate, _ seed: Int?, _ base: OpenModel?, _ comparison: MethodComparison
    ) throws -> (MethodComparison.Trial, unknown: [String]) {
        let clock = ContinuousClock()
        let start = clock.now
        var own = request.run
        own.allowsUnknownOptions = true
        if let seed { own.options["seed"] = String(seed) }
        let session = try trace(recipe.path, own).session
        guard session.results.count == 1 else {
            throw DPPAError(.data, "it gives \(session.results.count) models; one is compared")
        }
        let merged = session.results[0].node
        let coefficients: [Double?] = base == nil ? [nil] : request.coefficients
        let nodes = try coefficients.map { try candidate(merged, $0, base, session.graph) }
        let scores = try session.score(nodes, on: request.searched)
        let kept = scores.map(comparison.keptInSearch)
        let taken = kept.indices.max { (kept[$0], -$0) < (kept[$1], -$1) } ?? 0
        let shown = request.shown.isEmpty ? scores[taken] : try session.score([nodes[taken]], on: request.shown)[0]
        let unknown = session.options.unknown
        let trial = MethodComparison.Trial(
            seed: unknown.contains("seed") ? nil : seed,
            candidates: zip(coefficients, scores).map { .init(coefficient: $0, scores: $1) }, taken: taken,
            scores: shown, seconds: (clock.now - start) / .seconds(1))
        return (trial, unknown)
    }

    /// base + c (merged − base); with c = 1 what the recipe gives, to the bit.
    private func candidate(
        _ merged: NodeID, _ coefficient: Double?, _ base: OpenModel?, _ graph: Graph
    ) throws -> NodeID {
        guard let coefficient, coefficient != 1, let base else { return merged }
        let own = graph.models.first { $0.space == .model && $0.isSame(base) } ?? base
        let start = try graph.source(own)
        let delta = try graph.binary(.subtract, merged, start)
        return try graph.binary(.add, start, graph.binary(.multiply, graph.constant(coefficient), delta))
    }
}

extension RecipeSession {
    /// The open model that the recipe or `--set` calls so; nil where it is none, or one made of several.
    fileprivate func model(written: String) -> OpenModel? {
        graph.models.first { $0.space == .model && writtenNames[$0.path]?.contains(written) == true }
    }
}

extension OpenModel {
    /// Whether it is read from the same place, however that is written.
    fileprivate func isSame(_ other: OpenModel) -> Bool {
        func place(_ path: String) -> FilePath { FilePath(path).real ?? FilePath(path) }
        return identity == other.identity || place(path) == place(other.path)
    }
}
