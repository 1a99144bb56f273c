import DPPACheckpoint
import DPPAExecution
import DPPAExpression
import DPPAKernels
import DPPASupport

/// From expressions to finished model directories.
public struct MergeRun {
    /// What the person at the keyboard decides.
    public struct Settings: Sendable {
        /// The dtype of all floating-point tensors; a recipe's own wish comes after it.
        public var dtype: DType?
        /// The largest size of a shard, in bytes.
        public var shardSize: Int
        /// Whether experts and merged models are compared tensor by tensor, which takes processor time.
        public var comparesDeltas = false
        /// Whether a model is written of whose changes rounding leaves nothing in some matrix.
        public var allowsLostChanges = false
        /// Whether the first rank collects what others write, which have no file system in common with it.
        package var collects = false

        /// Settings for a run.
        public init(dtype: DType? = nil, shardSize: Int = 5_000_000_000) {
            self.dtype = dtype
            self.shardSize = shardSize
        }
    }

    /// A coarse node that a recipe named, for reports.
    public struct Named: Sendable {
        /// The name in reports.
        public var name: String
        /// What it names.
        public var node: NodeID

        /// A named node.
        public init(name: String, node: NodeID) {
            self.name = name
            self.node = node
        }
    }

    private let engine: Engine
    private let settings: Settings
    private let budget: WriteBudget?

    /// A run on an engine.
    public init(_ engine: Engine, settings: Settings, budget: WriteBudget? = nil) {
        self.budget = budget
        self.engine = engine
        self.settings = settings
    }

    /// Writes all results together into an empty directory; several share their passes.
    ///
    /// `record` tells what the run has done once the named values are known; where it is nil, neither card nor recipe is
    /// written. Returns what each result is made of. When it throws, the directory holds what was written until then.
    public func write(
        _ results: [MergeResult], named: [Named] = [], to target: String,
        record: (([RunRecord.Output]) throws -> RunRecord)? = nil
    ) throws -> [RunRecord.Output] {
        try write(results, named: named, to: target, draft: nil, former: nil, record: record)
    }

    /// The same into a draft, whose work ranks share; the first one gets the results.
    ///
    /// An earlier run may have left it: tensors that it has finished, and those of a `former` output, are taken where they are what
    /// this run would write.
    package func write(
        _ results: [MergeResult], named: [Named], to target: String, draft: Draft?, former: String?,
        record: (([RunRecord.Output]) throws -> RunRecord)?
    ) throws -> [RunRecord.Output] {
        for result in results { try engine.graph.requireWritable(result.node) }
        var planned = try results.map { try plan($0, isCompared: record != nil) }
        var places = SavedPlaces()
        for planned in planned { try places.add(planned.result.name, files: planned.files) }
        try budget?.take(planned.reduce(0) { $0 + $1.byteCount })
        let ranks = engine.ranks
        let left = draft.map { LeftDraft($0, observer: engine.observer) }
        var outputs: [[Engine.Output]] = []
        if ranks.isFirst {
            left?.clear(
                keeping: planned.flatMap { planned in
                    planned.resumableFiles(shardSize: settings.shardSize).map {
                        (planned.result.name.map { $0 + "/" } ?? "") + $0
                    }
                })
        } else {
            // Then the files are there.
            try ranks.meet()
        }
        let opening = left.map { CheckpointWriter.Opening.resumable(continues: $0.isUsable) } ?? .new
        for index in planned.indices {
            outputs.append(
                try planned[index].open(
                    directory(results[index], in: target), shardSize: settings.shardSize,
                    as: ranks.isFirst ? opening : settings.collects ? .apart : .joining))
        }
        if ranks.isFirst { try ranks.meet() }
        let requests = named.map(\.node) + planned.flatMap(\.requests)
        let resumption = try left?.resume(engine, planned, &outputs, former: former)
        let statistics: [Int: DeltaStatistics]
        do {
            statistics = try engine.run(requests, outputs: outputs.flatMap(\.self), written: resumption?.written)
            try resumption?.close()
        } catch {
            // What is finished counts, whatever has ended the run.
            try? resumption?.keep()
            throw error
        }
        try resumption?.shareFinished()
        for planned in planned {
            if settings.collects { try planned.writer?.collect(ranks) } else { try planned.writer?.share(ranks) }
        }
        if record != nil { try engine.shareInputs() }
        // What is there once, one rank writes, while the others leave: nothing is shared any more.
        try ranks.end()
        guard ranks.isFirst else { return [] }
        return try engine.byItself {
            try finish(results, &planned, outputs, statistics, resumption, to: target, record: record)
        }
    }

    /// Completes the directories of all results, whose weights are written.
    private func finish(
        _ results: [MergeResult], _ planned: inout [any PlannedResult], _ outputs: [[Engine.Output]],
        _ statistics: [Int: DeltaStatistics], _ resumption: Resumption?, to target: String,
        record: (([RunRecord.Output]) throws -> RunRecord)?
    ) throws -> [RunRecord.Output] {
        var (written, first): ([RunRecord.Output], Int) = ([], 0)
        for index in planned.indices {
            let own = outputs[index].indices.map { statistics[first + $0] }
            first += own.count
            var output = try planned[index].finish(directory(results[index], in: target), engine, own)
            output.finished = resumption?.finished(of: output.name) ?? []
            written.append(output)
        }
        if var record = try record?(written) {
            record.shardSize = settings.shardSize
            for (index, output) in written.enumerated() {
                let directory = try self.directory(results[index], in: target)
                try describe(planned[index], output, of: record, in: directory)
            }
        }
        return written
    }

    /// Writes the card, the recipe, and the lock of a model whose other files are there.
    private func describe(
        _ planned: any PlannedResult, _ output: RunRecord.Output, of record: RunRecord, in directory: String
    ) throws {
        try Sidecars.write(ModelCard(record, output: output).markdown, "README.md", in: directory)
        let recipe = try record.recipeFiles.map { try Sidecars.write($0.text, $0.name, in: directory) }
        let lock = record.lock(
            of: output, carried: planned.carried, files: (output.files + recipe).sorted { $0.name < $1.name })
        try Sidecars.write(lock.json, RecipeLock.fileName, in: directory)
    }

    /// A model, or an adapter.
    private func plan(_ result: MergeResult, isCompared: Bool) throws -> any PlannedResult {
        if let form = engine.graph.adapters[result.node] {
            return PlannedAdapter(engine.graph, form, result, dtype: settings.dtype ?? result.dtype)
        }
        return try PlannedModel(engine.graph, result, settings, isCompared: isCompared)
    }

    private func directory(_ result: MergeResult, in root: String) throws -> String {
        guard let name = result.name else { return root }
        let path = root + "/" + name
        try OutputPlace(path).create()
        return path
    }
}
