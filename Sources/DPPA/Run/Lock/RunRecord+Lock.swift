import DPPACheckpoint
import DPPAKernels
import DPPASupport

extension RunRecord {
    /// The lock of one of the models that a run has written; `files` are those in its folder.
    func lock(of output: Output, carried: [String], files: [FileDigest]) -> RecipeLock {
        var lock = RecipeLock(program: version, name: recipe.name, text: recipe.text, shardSize: shardSize)
        lock.modules = Dictionary(recipe.modules.map { ($0.name, $0.text) }, uniquingKeysWith: { first, _ in first })
        lock.library = recipe.libraryDigests
        lock.options = lockedOptions
        lock.dtype = dtype
        lock.models = lockedModels
        lock.tasks = tasks
        lock.scores = scores.map { scored in
            let score = scored.score
            return RecipeLock.Score(
                model: scored.model, task: score.task, metric: score.metric?.rawValue ?? "external",
                value: score.value)
        }
        lock.processor = engine.matrices > 0 ? MatrixProduct.processor : nil
        lock.tensors = output.finished
        (lock.output, lock.carried, lock.files) = (output.name, carried, files)
        return lock
    }

    /// The models as a lock tells of them.
    var lockedModels: [RecipeLock.Model] {
        models.map { model in
            var locked = RecipeLock.Model(
                label: model.label, name: model.name, sampledDigest: model.digest, tensors: model.tensorDigests)
            (locked.repository, locked.revision) = (model.origin.repository, model.origin.revision)
            locked.checksums = model.origin.checksums
            return locked
        }
    }

    /// The options that were given, as a lock tells of them.
    var lockedOptions: [(name: String, value: JSONValue)] {
        options.filter { $0.given != nil }.map { ($0.name, locked($0)) }
    }

    /// A given option: texts and lists without local folders, the rest as it was written.
    private func locked(_ option: Option) -> JSONValue {
        switch option.value {
        case .text(let text): .string(shown(.text(text)))
        case .list(let values): JSONValue(values.map { shown($0) })
        default: JSONValue(option.given)
        }
    }
}
