import DPPACheckpoint
import DPPAExecution
import DPPAKernels
import DPPASupport

/// What a written model was made by and of, and what it is, so that anyone can make it again and tell whether it is the same:
/// the recipe, its options, digests of all that was read, and of every file that was written.
///
/// Nothing in it depends on where files lie, on threads or on memory. README.md is not in it: people write into it.
package struct RecipeLock: Sendable {
    /// Its file, beside the weights.
    package static let fileName = "recipe.lock.json"

    /// A model that was read.
    package struct Model: Sendable {
        package var label: String
        package var name: String
        package var repository: String?
        package var revision: String?
        /// See `OpenModel.sampledDigest`.
        package var sampledDigest: String?
        /// The SHA-256 of its weight files by name, where the hub's cache gives it.
        package var checksums: [String: String] = [:]
        /// The tensors that were read, under the names that the run had for them, sorted; none of a model that was only scored.
        package var tensors: [TensorDigest] = []

        package init(label: String, name: String, sampledDigest: String? = nil, tensors: [TensorDigest] = []) {
            (self.label, self.name, self.sampledDigest, self.tensors) = (label, name, sampledDigest, tensors)
        }

        /// The digest of all of them: of lines of name and words.
        package var digest: Digest? {
            tensors.isEmpty ? nil : .of(Array(tensors.map { "\($0.name) \($0.words)\n" }.joined().utf8))
        }
    }

    /// A score that the recipe asked for.
    package struct Score: Hashable, Sendable {
        package var model: String
        package var task: String
        package var metric: String
        package var value: Double

        package init(model: String, task: String, metric: String, value: Double) {
            (self.model, self.task, self.metric, self.value) = (model, task, metric, value)
        }
    }

    /// The version of the program.
    package var program: String
    /// The recipe's file name, its text, and its own modules.
    package var name: String
    package var text: String
    package var modules: [String: String] = [:]
    /// The shipped modules that it required, with the digests of their texts.
    package var library: [String: String] = [:]
    /// The options that were given, in order; models and files without their folders.
    package var options: [(name: String, value: JSONValue)] = []
    /// The type that `--dtype` asked for.
    package var dtype: DType?
    /// The largest size of a file of weights.
    package var shardSize: Int
    package var models: [Model] = []
    /// The tasks that models were scored on, with the digests of their files.
    package var tasks: [String: String] = [:]
    package var scores: [Score] = []
    /// The processor family for which matrices were decomposed; nil where none were.
    package var processor: String?
    /// The name that the recipe saves the model under; nil for the one that it returns.
    package var output: String?
    /// The small files that only this list tells to be the model's.
    package var carried: [String] = []
    /// The tensors that were computed, so that another run can take those that it would compute to the same.
    package var tensors: [FinishedTensor] = []
    /// The files beside it, but for README.md.
    package var files: [FileDigest] = []

    /// A lock of a recipe, which tells of nothing else yet.
    package init(program: String, name: String, text: String, shardSize: Int) {
        (self.program, self.name, self.text, self.shardSize) = (program, name, text, shardSize)
    }
}

extension RecipeLock {
    /// Options as `--set` has them.
    package static func settings(_ options: [(name: String, value: JSONValue)]) -> [(name: String, text: String)] {
        options.compactMap { option in
            let text = option.value.array?.map { $0.string ?? $0.text }.joined(separator: ",") ?? option.value.string
            return text.map { (option.name, $0) }
        }
    }
}

/// What two locks differ in, where one was made by running the other's recipe.
extension RecipeLock {
    /// What was read otherwise than a lock says, a line each.
    package func differingInputs(from lock: RecipeLock) -> [String] {
        let (now, then) = (Self.keyed(models, by: \.label), Self.keyed(lock.models, by: \.label))
        var lines = Set(now.keys).union(then.keys).sorted().compactMap { label -> String? in
            guard let model = now[label] else { return "the model \(label.shown) is not read" }
            guard let other = then[label] else {
                return "the model \(label.shown) is read; the lock has none of that label"
            }
            return model.difference(from: other)
        }
        for task in Set(tasks.keys).union(lock.tasks.keys).sorted() where tasks[task] != lock.tasks[task] {
            lines.append(Self.line("the task \(task.shown)", tasks[task], lock.tasks[task]))
        }
        return lines
    }

    /// What was asked for otherwise, a line each.
    package func differingSettings(from lock: RecipeLock) -> [String] {
        var lines: [String] = []
        func compare(_ what: String, _ now: String?, _ then: String?) {
            if now != then { lines.append(Self.line(what, now, then)) }
        }
        compare("the program", program, lock.program)
        for module in Set(library.keys).union(lock.library.keys).sorted() {
            compare("the shipped module dppa.\(module)", library[module], lock.library[module])
        }
        if text != lock.text { lines.append("the text of the recipe is another one") }
        for module in Set(modules.keys).union(lock.modules.keys).sorted() where modules[module] != lock.modules[module]
        {
            lines.append("the text of lib/\(module).lua is another one")
        }
        let (now, then) = (JSONObject(options), JSONObject(lock.options))
        for name in Set(now.names).union(then.names).sorted() {
            compare("the option \(name)", now[name]?.text, then[name]?.text)
        }
        compare("the dtype", dtype?.rawValue, lock.dtype?.rawValue)
        compare("--shard-size", String(shardSize), String(lock.shardSize))
        compare("the processor that matrices were decomposed for", processor, lock.processor)
        return lines
    }

    /// What came out otherwise, a line each.
    package func differingOutputs(from lock: RecipeLock) -> [String] {
        var lines: [String] = []
        if scores != lock.scores {
            let first = zip(scores, lock.scores).first { $0 != $1 }
            lines.append(
                first.map { "the score of \($0.model) on \($0.task) is \($0.value), the lock has \($1.value)" }
                    ?? "there are \(Phrase.counted(scores.count, "score")), the lock has \(lock.scores.count)")
        }
        let (now, then) = (Self.keyed(files, by: \.name), Self.keyed(lock.files, by: \.name))
        for name in Set(now.keys).union(then.keys).sorted() {
            lines += Self.difference(name, now[name], then[name]).map { [$0] } ?? []
        }
        return lines
    }

    /// How a file differs from what a lock says of it; nil where it does not.
    package static func difference(_ name: String, _ now: FileDigest?, _ then: FileDigest?) -> String? {
        guard let now else { return "\(name.shown) is missing" }
        guard let then else { return "\(name.shown) is not in the lock" }
        if now.size != then.size { return "\(name.shown) has \(now.size) bytes, the lock says \(then.size)" }
        return now.digest == then.digest
            ? nil : "\(name.shown) has the digest \(now.digest), the lock says \(then.digest)"
    }

    /// Items by a name, of which the first counts.
    fileprivate static func keyed<Item>(_ items: [Item], by name: (Item) -> String) -> [String: Item] {
        Dictionary(items.map { (name($0), $0) }, uniquingKeysWith: { first, _ in first })
    }

    private static func line(_ what: String, _ now: String?, _ then: String?) -> String {
        "\(what) is \(now ?? "not there"), the lock has \(then ?? "none")"
    }
}

/// Refusing inputs that are others.
extension RecipeLock {
    /// Throws `data` when a sample of a model, or which models there are, tells that others are read than the lock says.
    package func requireSampled(_ found: [RunRecord.Model]) throws {
        var (read, sampled) = (self, self)
        read.models = found.map { Model(label: $0.label, name: $0.name, sampledDigest: $0.digest) }
        for index in sampled.models.indices { sampled.models[index].tensors = [] }
        try Self.require(read.differingInputs(from: sampled))
    }

    /// Throws `data` when what a run has read is not what the lock says.
    package func requireInputs(of record: RunRecord) throws {
        var read = self
        (read.models, read.tasks) = (record.lockedModels, record.tasks)
        try Self.require(read.differingInputs(from: self))
    }

    private static func require(_ lines: [String]) throws {
        guard let first = lines.first else { return }
        throw DPPAError(
            .data, "what is read is not what the lock was made of: \(first)",
            notes: lines.dropFirst() + ["nothing was written; run it without the lock to merge what is there"])
    }
}

extension RecipeLock.Model {
    /// How it differs from what a lock says of it; nil where it does not, or where the lock knows too little.
    func difference(from other: RecipeLock.Model) -> String? {
        let (now, then) = (
            RecipeLock.keyed(tensors, by: \.name), RecipeLock.keyed(other.tensors, by: \.name)
        )
        let names = Set(now.keys).union(then.keys)
        let others = names.filter { now[$0] != then[$0] }.sorted()
        if !others.isEmpty {
            return "the model \(label.shown) differs from the lock in \(others.count) of "
                + "\(Phrase.counted(names.count, "tensor")): \(Phrase.list(others.map(\.shown)))"
        }
        guard names.isEmpty, let then = other.sampledDigest, let now = sampledDigest, now != then else { return nil }
        return "the model \(label.shown) is another one: its sampled digest is \(now), the lock has \(then)"
    }
}
