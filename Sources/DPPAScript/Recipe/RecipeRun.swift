import DPPA
import Foundation
import SystemPackage

/// A recipe, from its text to the finished model directories.
package final class RecipeRun {
    /// What the person at the keyboard asks for.
    package struct Request {
        package var out: String
        package var options: [String: String] = [:]
        package var modelRoots: [String] = []
        package var dtype: DType?
        package var engine = EngineOptions(threads: 1)
        package var shardSize = 5_000_000_000
        package var force = false
        /// Whether what an earlier run has left, and what the replaced model has, is ignored.
        package var isFresh = false
        /// Whether experts and merged models are compared tensor by tensor, for the page and the JSON.
        package var comparesDeltas = false
        /// See `MergeRun.Settings.allowsLostChanges`.
        package var allowsLostChanges = false
        /// The command's words, for the record.
        package var command: [String] = []
        /// Where scores are kept; nil: in a file beside the output.
        package var journal: ScoreJournal?
        /// Whether an option that the recipe does not have is left to the caller, and no error.
        package var allowsUnknownOptions = false
        /// What scores tasks named `external:NAME`.
        package var evaluator: ExternalEvaluator?
        package var environment: [String: String] = [:]
        package var limits = ScriptLimits()
        /// How many bytes of weights may be written.
        package var writtenLimit = Int.max
        /// A lock whose inputs alone may be read.
        package var lock: RecipeLock?
        /// See `MergeRun.Settings.collects`.
        package var collects = false
        /// The reports and other files that will be written besides.
        package var outputs = OutputPaths()

        package init(out: String) { self.out = out }
    }

    private let recipe: String
    /// The recipe's file, which for a model's folder lies in it.
    private var file: String
    /// The texts of the recipe files that were read, by name, for error messages.
    package private(set) var sources: [String: String] = [:]

    package init(_ recipe: String) { (self.recipe, file) = (recipe, recipe) }

    /// Runs the recipe and writes what it returns or saves; a model's folder stands for the recipe that made it.
    ///
    /// Of several ranks the first one runs it, and the others `join`.
    package func run(
        _ request: Request, observer: (any EngineObserver)? = nil,
        isInterrupted: @escaping @Sendable () -> Bool = { false },
        print: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> RecipeOutcome {
        do {
            return try lead(request, observer: observer, isInterrupted: isInterrupted, print: print)
        } catch { throw request.engine.ranks.fail(error) }
    }

    /// Takes part in a run that the first rank leads, which says where the draft is and puts it in its place.
    package func join(
        _ request: Request, observer: (any EngineObserver)? = nil,
        isInterrupted: @escaping @Sendable () -> Bool = { false }
    ) throws {
        do {
            try follow(request, observer: observer, isInterrupted: isInterrupted)
        } catch { throw request.engine.ranks.fail(error) }
    }

    private func follow(
        _ given: Request, observer: (any EngineObserver)?, isInterrupted: @escaping @Sendable () -> Bool
    ) throws {
        var request = given
        let ranks = request.engine.ranks
        var message = try ranks.fromFirst { Message() }
        let draft = try message.takeText()
        // What is written for the first rank to collect goes with this process.
        let own = request.collects ? try RankFolder(ranks.rank) : nil
        let folder = own?.path ?? draft
        defer { withExtendedLifetime(own) {} }
        request.journal = ScoreJournal(path: nil)
        let merge = try merge(&request, observer: observer, isInterrupted: isInterrupted) { _ in }
        _ = try merge.run.write(
            merge.trace.session.results, named: merge.trace.session.named, to: folder,
            draft: Draft(folder: folder, isContinued: false, rank: ranks.rank), former: nil
        ) { _ in throw DPPAError(.internalFault, "rank \(ranks.rank) keeps no record") }
    }

    private func lead(
        _ request: Request, observer: (any EngineObserver)?, isInterrupted: @escaping @Sendable () -> Bool,
        print: @escaping @Sendable (String) -> Void
    ) throws -> RecipeOutcome {
        let start = RunStart(command: request.command)
        var request = request
        try request.outputs.add(folder: request.out, as: "--out")
        let scores = request.journal == nil ? RecipeRun.journal(beside: request.out) : nil
        if let path = scores {
            let journal = try WrittenFile(path)
            // In the output it has a name that nothing else can have.
            if FilePath(path).folder != FilePath(request.out) {
                try request.outputs.add(journal, as: "the journal of scores")
            }
        }
        // Before hours of searching rather than after them: from here on no other run writes there.
        let target = try OutputDirectory.prepare(
            target: request.out, force: request.force, continues: !request.isFresh)
        defer { target.abandon() }
        if request.isFresh, let scores { unlink(scores) }
        do {
            return try write(
                request, to: target, start, observer: observer, isInterrupted: isInterrupted, print: print)
        } catch { throw target.leave(after: request.engine.ranks.fail(error)) }
    }

    /// The recipe's expressions, and what writes them.
    private func merge(
        _ request: inout Request, observer: (any EngineObserver)?, isInterrupted: @escaping @Sendable () -> Bool,
        print: @escaping @Sendable (String) -> Void
    ) throws -> (trace: RecipeTrace, run: MergeRun, dtype: DType?) {
        let dtype = try request.dtype ?? RecordedRecipe(recipe)?.lock?.dtype
        request.engine.digestsInputs = true
        let trace = try trace(request, observer: observer, isInterrupted: isInterrupted, print: print)
        var settings = MergeRun.Settings(dtype: dtype, shardSize: request.shardSize)
        settings.comparesDeltas = request.comparesDeltas
        settings.allowsLostChanges = request.allowsLostChanges
        settings.collects = request.collects
        let session = trace.session
        return (trace, MergeRun(session.engine, settings: settings, budget: session.budget), dtype)
    }

    private func write(
        _ given: Request, to target: OutputDirectory, _ start: RunStart, observer: (any EngineObserver)?,
        isInterrupted: @escaping @Sendable () -> Bool, print: @escaping @Sendable (String) -> Void
    ) throws -> RecipeOutcome {
        var request = given
        _ = try request.engine.ranks.fromFirst {
            var message = Message()
            message.put(target.temporaryPath)
            return message
        }
        let (trace, merge, dtype) = try merge(
            &request, observer: observer, isInterrupted: isInterrupted, print: print)
        let session = trace.session
        if let warning = target.warning { session.warn(warning) }
        // A sample tells of most other models before weights are read.
        try request.lock?.requireSampled(session.describeModels())
        func record(_ outputs: [RunRecord.Output], _ written: [String] = []) throws -> RunRecord {
            try RunRecord(trace, outputs: outputs, written: written, dtype: dtype, start: start)
        }
        target.begin()
        let outputs = try merge.write(
            session.results, named: session.named, to: target.temporaryPath, draft: target.draft,
            former: request.force && !request.isFresh ? request.out : nil
        ) { try record($0) }
        try request.lock?.requireInputs(of: record(outputs))
        try target.commit()
        let written = outputs.map { output in output.name.map { request.out + "/" + $0 } ?? request.out }
        return RecipeOutcome(record: try record(outputs, written))
    }

    /// Runs the recipe without writing anything: its expressions, options and models.
    ///
    /// Dry, no weight is read either: what needs a measured value ends the trace, and `stop` says where. A forgiving trace
    /// gives what there is when the recipe fails, with the failure.
    package func trace(
        _ request: Request, isDry: Bool = false, isForgiving: Bool = false, observer: (any EngineObserver)? = nil,
        isInterrupted: @escaping @Sendable () -> Bool = { false },
        print: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> RecipeTrace {
        let recorded = try RecordedRecipe(recipe)
        let path = recorded?.path ?? recipe
        file = path
        let options = RecipeOptions((recorded?.options ?? [:]).merging(request.options) { _, new in new })
        let folder = FilePath(path).folder
        for path in [recipe, path, folder.appending("lib").string] { try request.outputs.requireApart(from: path) }
        let session = RecipeSession(
            paths: PathRules(
                recipeFolder: folder.string,
                // What the recorded options name is the recipe's own word, not that of the person at the keyboard.
                granted: RecipeOptions(request.options).grantedPaths, roots: request.modelRoots,
                hub: HubCache(request.environment), outputs: request.outputs),
            options: options, engineOptions: request.engine, observer: observer,
            dtype: request.dtype ?? recorded?.lock?.dtype,
            journal: isDry
                ? ScoreJournal(path: nil)
                : request.journal ?? ScoreJournal(path: RecipeRun.journal(beside: request.out)),
            evaluator: request.evaluator, budget: WriteBudget(request.writtenLimit), isDry: isDry)
        session.bundledTables = recorded?.tables ?? [:]
        let printed = PrintedTexts()
        let host = Catalog.host(session, limits: request.limits, isInterrupted: isInterrupted) { text in
            printed.add(text)
            print(text)
        }
        defer { sources = host.sources }
        for (file, text) in recorded?.texts ?? [:] {
            try RecipeFiles.requireSource(text, file, request.limits)
            host.texts.add(file, text)
        }
        var failure: DPPAError?
        do {
            let returned = try host.run(recipe: path)
            sources = host.sources
            try collect(returned, session, host.texts)
        } catch var error as DPPAError {
            if let unsound = session.unsound { error.notes.append(unsound) }
            guard session.stop != nil || isForgiving else { throw recorded?.explained(error) ?? error }
            failure = session.stop == nil ? error : nil
        }
        if !request.allowsUnknownOptions, let unknown = options.unknown.first, session.stop == nil, failure == nil {
            let known = options.taken.map(\.name)
            throw DPPAError(
                .usage, "the recipe has no option '\(unknown)'",
                notes: [Suggestions.sentence(for: unknown, among: known)].filter { !$0.isEmpty })
        }
        if let failure, host.sources[path] == nil { throw failure }
        return RecipeTrace(
            session, host.texts, recipe: path, recorded: recorded, printed: printed, failure: failure)
    }

    /// Where the recipe's last `return` at the beginning of a line is.
    private var lastReturn: DPPAError.Location? {
        let lines = sources[file]?.split(separator: "\n", omittingEmptySubsequences: false) ?? []
        let index = lines.lastIndex { $0.hasPrefix("return") }
        return index.map { DPPAError.Location(file: file, line: $0 + 1) }
    }

    /// Where the scores of a run are kept: beside its output, or hidden in it when it is a folder with nothing to be written
    /// beside it, such as the volume of a container.
    static func journal(beside out: String) -> String {
        let path = FilePath(out)
        let isAlone = access(path.folder.string, W_OK) != 0 && access(path.string, W_OK | X_OK) == 0
        return isAlone ? path.appending(".dppa.scores.jsonl").string : path.string + ".scores.jsonl"
    }

    /// The returned model becomes a result like the saved ones, with the options that are returned behind it.
    private func collect(_ returned: [ScriptValue], _ session: RecipeSession, _ texts: SourceTexts) throws {
        session.graph.location = nil
        let hasOptions = if case .table? = returned.dropFirst().first { true } else { false }
        guard returned.count < (hasOptions ? 3 : 2) else {
            throw DPPAError(
                .data,
                "\(file) returns \(returned.count) values; a recipe returns one model, and may return options behind it",
                notes: [
                    "several models are written with :save: a:save \"a\" b:save \"b\"",
                    "options are a table: return model, { dtype = \"bf16\" }",
                ], location: lastReturn)
        }
        switch returned.first ?? .null {
        case .object(let object as NodeObject):
            guard hasOptions else { return try session.save(MergeResult(node: object.id)) }
            let call = Call(
                function: Catalog.returned, arguments: returned, location: lastReturn, isShipped: false,
                context: session,
                sources: texts)
            try call.check()
            _ = try Catalog.returned.body?(call)
        case .null where !session.results.isEmpty: break
        case .null:
            throw DPPAError(
                .data, "\(file) gives no model: it returns nothing and saves nothing",
                notes: ["end it with `return base + delta`, or call :save(name) on a model"])
        case let other:
            throw DPPAError(
                .data, "\(file) must return a model; it returns \(other.described)",
                notes: ["end it with `return base + delta`"])
        }
    }
}
