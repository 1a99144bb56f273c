import DPPACheckpoint
import DPPAExecution
import DPPAKernels
import DPPASupport

/// A lock as JSON, and from it.
extension RecipeLock {
    /// The text of its file.
    package var json: String {
        let recipe: JSONObject = [
            "name": .string(name), "text": .string(text), "modules": Self.object(modules),
            "library": Self.object(library),
        ]
        var lock: JSONObject = [
            "dppa_run": .string(program), "recipe": .object(recipe), "options": .object(JSONObject(options)),
            "shard_size": .integer(shardSize), "models": .array(models.map(\.json)),
            "files": .object(
                JSONObject(
                    files.map { ($0.name, ["bytes": .integer($0.size), "digest": .string("\($0.digest)")]) })),
        ]
        lock.set("dtype", (dtype?.rawValue.lowercased()).map(JSONValue.string))
        lock.set("processor", processor.map(JSONValue.string))
        lock.set("output", output.map(JSONValue.string))
        if !carried.isEmpty { lock.set("carried", JSONValue(carried)) }
        if !tensors.isEmpty {
            lock.set("tensors", .object(JSONObject(tensors.map { ($0.name, .string($0.words)) })))
        }
        if !tasks.isEmpty { lock.set("tasks", Self.object(tasks)) }
        if !scores.isEmpty { lock.set("scores", .array(scores.map(\.json))) }
        return JSONValue.object(lock).lines
    }

    /// The lock in a file, which may be a bundle that has one.
    ///
    /// Throws `missingInput` when there is none, and `data` with the place when it is not a lock.
    package init(reading path: String) throws {
        guard RecipeBundle.isBundle(path) else {
            try self.init(FileDescriptor.contents(path, limit: 256 << 20), file: path)
            return
        }
        guard let lock = try RecipeBundle(reading: path).lock else {
            throw DPPAError(
                .missingInput, "\(path) is a bundle without a lock",
                notes: ["bundle it with the lock of a model that it has made: dppa-run bundle RECIPE --lock MODEL"])
        }
        try self.init(Array(lock.utf8), file: path)
    }

    /// The lock in a text; `path` is for messages.
    package init(_ bytes: [UInt8], file path: String) throws {
        let lock = try LockReader(JSONValue(bytes, file: path, kind: .page), file: path, place: "")
        let recipe = try lock.member("recipe")
        program = try lock.member("dppa_run").text
        (name, text) = (try recipe.member("name").text, try recipe.member("text").text)
        modules = try recipe.member("modules").texts
        library = try recipe.member("library").texts
        options = try lock.member("options").object.members
        dtype = try lock.optional("dtype").map { value in
            guard let dtype = DType(userSpelling: try value.text), dtype.isFloat else {
                throw value.damage("a floating-point type such as bf16")
            }
            return dtype
        }
        shardSize = try lock.member("shard_size").count
        models = try lock.member("models").array.map(Model.init)
        processor = try lock.optional("processor")?.text
        output = try lock.optional("output")?.text
        carried = try lock.optional("carried")?.array.map { try $0.text } ?? []
        tasks = try lock.optional("tasks")?.texts ?? [:]
        scores = try lock.optional("scores")?.array.map(Score.init) ?? []
        // What cannot be read of them is computed again.
        tensors =
            try lock.optional("tensors")?.members.compactMap { name, tensor in
                FinishedTensor(name: name, words: try tensor.text)
            } ?? []
        files = try lock.member("files").members.map { name, file in
            guard !name.isEmpty, !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
                throw file.damage("the path of a file in the model's folder")
            }
            return FileDigest(
                name: name, size: try file.member("bytes").count, digest: try file.member("digest").digest)
        }
    }

    fileprivate static func object(_ texts: [String: String]) -> JSONValue {
        .object(JSONObject(texts.map { ($0.key, .string($0.value)) }))
    }
}

extension RecipeLock.Model {
    fileprivate var json: JSONValue {
        var model: JSONObject = [
            "label": .string(label), "name": .string(name),
            "tensors": .object(JSONObject(tensors.map { ($0.name, .string($0.words)) })),
        ]
        model.set("repository", repository.map(JSONValue.string))
        model.set("revision", revision.map(JSONValue.string))
        model.set("sampled_digest", sampledDigest.map(JSONValue.string))
        model.set("digest", (digest?.description).map(JSONValue.string))
        if !checksums.isEmpty { model.set("sha256", RecipeLock.object(checksums)) }
        return .object(model)
    }

    fileprivate init(_ model: LockReader) throws {
        (label, name) = (try model.member("label").text, try model.member("name").text)
        repository = try model.optional("repository")?.text
        revision = try model.optional("revision")?.text
        sampledDigest = try model.optional("sampled_digest")?.text
        checksums = try model.optional("sha256")?.texts ?? [:]
        tensors = try model.member("tensors").members.map { TensorDigest(name: $0, words: try $1.text) }.sorted()
    }
}

extension RecipeLock.Score {
    fileprivate var json: JSONValue {
        ["model": .string(model), "task": .string(task), "metric": .string(metric), "value": .double(value)]
    }

    fileprivate init(_ score: LockReader) throws {
        (model, task) = (try score.member("model").text, try score.member("task").text)
        (metric, value) = (try score.member("metric").text, try score.member("value").number)
    }
}

/// A value in a lock that somebody else may have written, with its place for messages.
private struct LockReader {
    let value: JSONValue
    let file: String
    /// Such as `models[0].tensors`; empty for the whole.
    let place: String

    init(_ value: JSONValue, file: String, place: String) { (self.value, self.file, self.place) = (value, file, place) }

    func damage(_ wanted: String) -> DPPAError {
        DPPAError(
            .data, "\(file): expected \(wanted)" + (place.isEmpty ? "" : " at \(place.shown)"),
            notes: ["a lock is the \(RecipeLock.fileName) of a model that dppa-run has written"])
    }

    var object: JSONObject { get throws { try wanted(value.object, "an object") } }
    var text: String { get throws { try wanted(value.string, "a text") } }
    /// Infinities and NaN are texts, as JSON has none.
    var number: Double { get throws { try wanted(value.double ?? value.string.flatMap { Double($0) }, "a number") } }
    var count: Int {
        get throws { try wanted(value.int.flatMap { $0 < 0 ? nil : $0 }, "a whole number that is not negative") }
    }
    var digest: Digest { get throws { try wanted(Digest(text), "a digest of 32 hexadecimal digits") } }
    var array: [LockReader] {
        get throws {
            try wanted(value.array, "a list").enumerated().map {
                LockReader($1, file: file, place: "\(place)[\($0)]")
            }
        }
    }
    var members: [(name: String, value: LockReader)] {
        get throws { try object.members.map { ($0.name, LockReader($0.value, file: file, place: inner($0.name))) } }
    }
    var texts: [String: String] {
        get throws {
            Dictionary(try members.map { ($0.name, try $0.value.text) }, uniquingKeysWith: { first, _ in first })
        }
    }

    func member(_ name: String) throws -> LockReader {
        guard let value = try object[name] else { throw damage("'\(name)'") }
        return LockReader(value, file: file, place: inner(name))
    }

    /// A member that may be missing or null.
    func optional(_ name: String) throws -> LockReader? {
        guard let value = try object[name], !value.isNull else { return nil }
        return LockReader(value, file: file, place: inner(name))
    }

    private func wanted<T>(_ found: T?, _ words: String) throws -> T {
        guard let found else { throw damage(words) }
        return found
    }

    private func inner(_ name: String) -> String { place.isEmpty ? name : "\(place).\(name)" }
}

extension JSONObject {
    /// Gives a name its value where there is one.
    fileprivate mutating func set(_ name: String, _ value: JSONValue?) {
        if let value { set(name, value as JSONValue) }
    }
}
