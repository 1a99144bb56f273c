import DPPACheckpoint
import DPPAExpression
import DPPAKernels
import DPPASupport
import Foundation

/// The small files beside the weights of a written model: config, generation settings, tokenizer, chat template, licences.
///
/// They are decided before the run, and with them what a reader of the model would stumble over: what can be made right is
/// made right, and `notices` tell of it and of the rest.
package struct Sidecars {
    enum Content: Equatable {
        case copy(String)
        case text(String)
    }

    /// What is written, by name.
    private(set) var files: [String: Content] = [:]
    /// What was made right, and what was not, a warning each.
    package private(set) var notices: [String] = []
    private var tie: WrittenTie?
    /// The files of models that are written with changes, by path.
    private var edited: Set<String> = []

    /// The small files of a result with the given tensors, from the given models.
    ///
    /// Throws `data` when they cannot fit together, and what reading throws.
    package init(_ result: MergeResult, _ models: ResultModels, tensors: [TensorFacts], dtype: DType?) throws {
        let (source, tokenizer, template) = (models.config, models.tokenizer, models.template)
        notices = try OutputTypes(result, config: source, wished: dtype, tensors).notices
        copy(.other, of: source)
        copy(.tokenizer, of: tokenizer)
        addVocabulary(tokenizer, asked: result.tokenizer == nil ? nil : template)
        copy(.generation, of: tokenizer)
        try addTemplate(result, template)
        copyLicences(of: [source] + models.read + models.parts)
        var text = source.config
        if text == nil {
            notices.append(
                "warning: \(source.label) has no config.json, so none is written: no reader will know what the weights are"
            )
        }
        if tokenizer.hasUnreadTokenizer {
            notices.append(
                "warning: \(tokenizer.label) is a GGUF file, whose tokenizer is in its metadata and is not read: none is written; "
                    + "put the tokenizer files of the model that it was made from beside it, in a folder of their own, or save "
                    + "with the tokenizer of another model")
        }
        let vocabulary = WrittenVocabulary(source, tensors)
        if let config = text {
            var edited = try dtype.map { try ConfigText.settingDType(config, to: $0) } ?? config
            edited = try vocabulary.fit(edited, &notices)
            if tokenizer.home != source.home { edited = try TokenIDs.follow(edited, tokenizer, &notices) }
            tie = WrittenTie(config: edited, source: source, first: models.start, tensors)
            edited = try tie?.fit(edited, &notices) ?? edited
            text = edited
        }
        try vocabulary.require(tokenizer, isAsked: result.tokenizer != nil, &notices)
        let stops = try TokenIDs.stops(
            generation: string("generation_config.json"), config: text, tokenizer: tokenizer,
            template: result.chatTemplateFile == nil ? template : tokenizer, &notices)
        if let stops {
            if case .copy(let path)? = files["generation_config.json"] { edited.insert(path) }
            files["generation_config.json"] = .text(stops)
        }
        if let text { files["config.json"] = .text(text) }
        addCode(of: [source, tokenizer])
        let left = SideFiles(source.home, weightFiles: source.weightFiles).left
        if !left.isEmpty {
            notices.append("warning: \(source.label): left beside the weights: \(Phrase.list(left, limit: 16))")
        }
    }

    /// The files of models that are written, as they are or with changes, by path.
    package var taken: Set<String> {
        files.values.reduce(into: edited) { if case .copy(let path) = $1 { $0.insert(path) } }
    }

    /// The files that only a word in the lock tells to be the model's.
    var carried: [String] {
        files.keys.filter { name in
            if name.hasPrefix(SidecarFile.templates) || name.hasPrefix(SidecarFile.licences + "/") { return false }
            return name.contains("/") || !ModelFolder.owns(file: name)
        }.sorted()
    }

    /// The names of what is written, in order.
    package var names: [String] { files.keys.sorted() }

    /// Writes them into a directory that holds the weights, or beside a pack of `weights`, and gives their digests.
    ///
    /// Throws `inputOutput` when a file cannot be read or written.
    package mutating func write(to directory: String, weights: OpenModel? = nil) throws -> [FileDigest] {
        if let tie, case .text(let text)? = files["config.json"] {
            files["config.json"] = .text(
                try tie.settle(text, weights ?? OpenModel(at: directory, label: "written"), &notices))
        }
        return try files.sorted(by: { $0.key < $1.key }).map { name, content in
            switch content {
            case .copy(let from): try Self.write(Self.contents(from), name, in: directory)
            case .text(let text): try Self.write(text, name, in: directory)
            }
        }
    }

    /// The text that a file will have, if it is one.
    private func string(_ name: String) throws -> String? {
        switch files[name] {
        case .copy(let path)?: String(decoding: try Self.contents(path), as: UTF8.self)
        case .text(let text)?: text
        case nil: nil
        }
    }

    private mutating func copy(_ kind: SidecarFile, of model: OpenModel) {
        for name in model.sidecarFiles where SidecarFile(name, hasCode: true) == kind {
            files[name] = .copy(model.home + "/" + name)
        }
    }

    /// What of the tokenizer files of a model is written otherwise, where its rows are other tokens than its own.
    private mutating func addVocabulary(_ tokenizer: OpenModel, asked: OpenModel?) {
        guard let vocabulary = tokenizer.vocabulary else { return }
        for (name, text) in vocabulary.texts {
            if case .copy(let path)? = files[name] { edited.insert(path) }
            files[name] = .text(text)
        }
        for name in vocabulary.left { files[name] = nil }
        notices += vocabulary.notices
        guard let asked, asked.path != tokenizer.path, asked.vocabulary != nil else { return }
        notices.append(
            "warning: the tokenizer is that of \(tokenizer.label), whose ids the rows have; of \(asked.label) only the chat "
                + "template is taken")
    }

    /// The chat template: a file that was asked for, the model's files, or what its tokenizer_config.json holds.
    private mutating func addTemplate(_ result: MergeResult, _ model: OpenModel) throws {
        if let file = result.chatTemplateFile {
            files[file.hasSuffix(".json") ? "chat_template.json" : "chat_template.jinja"] = .copy(file)
            return
        }
        copy(.chatTemplate, of: model)
        guard result.chatTemplate != nil, !files.keys.contains(where: { $0.hasPrefix("chat_template") }) else { return }
        let held = HeldTemplates(try Self.object(model, "tokenizer_config.json"))
        for case (let name?, let text?) in held.named where !name.contains("/") {
            files[name == "default" ? "chat_template.jinja" : "\(SidecarFile.templates)\(name).jinja"] = .text(text)
        }
        guard files["chat_template.jinja"] == nil else { return }
        throw DPPAError(
            .data, "save: 'chat_template' is \(model.label), which has no chat template",
            notes: ["looked for chat_template.jinja, and for chat_template in tokenizer_config.json"])
    }

    /// The licences of all models: those of the first under their names, others in a folder where they differ.
    private mutating func copyLicences(of models: [OpenModel]) {
        for model in models {
            for name in model.sidecarFiles where SidecarFile(name, hasCode: true) == .licence {
                let path = model.home + "/" + name
                guard case .copy(let known)? = files[name] else {
                    files[name] = .copy(path)
                    continue
                }
                if known != path, (try? Self.contents(known)) != (try? Self.contents(path)) {
                    let folder = model.label.allSatisfy { $0 == "." } ? "model" : model.label
                    files["\(SidecarFile.licences)/\(folder.replacing("/", with: "_"))/\(name)"] = .copy(path)
                }
            }
        }
    }

    /// The Python files that configurations name in `auto_map`; all beside them, since they import each other.
    private mutating func addCode(of models: [OpenModel]) {
        var owners: [String: OpenModel] = [:]
        for (name, model) in [("config.json", models[0])]
            + models.flatMap({ owner in
                ["tokenizer_config.json", "preprocessor_config.json", "processor_config.json"].map { ($0, owner) }
            })
        {
            guard
                files[name] == .copy(model.home + "/" + name) || name == "config.json"
                    || model.vocabulary?.texts[name] != nil
            else { continue }
            for reference in AutoMap(try? string(name)).references {
                guard let module = reference.module else {
                    notices.append(
                        "warning: \(name) runs code of \(reference.repository?.shown ?? "a repository"): readers fetch it "
                            + "with trust_remote_code=True")
                    continue
                }
                if model.sidecarFiles.contains(module) {
                    owners[module] = model
                } else {
                    notices.append(
                        "warning: \(name) names \(module.shown) in auto_map, which \(model.label) does not have")
                }
            }
        }
        var copied: [String] = []
        for model in models where owners.values.contains(where: { $0.home == model.home }) {
            for name in model.sidecarFiles where SidecarFile(name, hasCode: true) == .code {
                let path = model.home + "/" + name
                if case .copy(let known)? = files[name] {
                    if known != path, (try? Self.contents(known)) != (try? Self.contents(path)) {
                        notices.append("warning: \(name) differs between \(known) and \(path); the first was copied")
                    }
                    continue
                }
                files[name] = .copy(path)
                copied.append(name)
            }
        }
        guard !copied.isEmpty else { return }
        notices.append(
            "warning: the model brings code of its own, \(Phrase.list(copied)): copied as it is and not run here; readers run "
                + "it with trust_remote_code=True")
    }

    /// A JSON file of a model as an object; empty where there is none.
    static func object(_ model: OpenModel, _ name: String) throws -> JSONObject {
        guard model.sidecarFiles.contains(name) else { return JSONObject() }
        let text = String(decoding: try contents(model.home + "/" + name), as: UTF8.self)
        return ConfigText.object(text) ?? JSONObject()
    }

    static func contents(_ path: String) throws -> [UInt8] {
        do { return try FileDescriptor.contents(path, limit: 1 << 30) } catch let error as DPPAError {
            throw error.code == .missingInput
                ? DPPAError(.inputOutput, "cannot read \(path)", cause: error.cause ?? error.message) : error
        }
    }

    private static func makeFolder(_ path: String) throws {
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            throw DPPAError(.cannotCreate, "cannot create the directory \(path)", cause: error.localizedDescription)
        }
    }

    /// Writes a text file as it is, with the folders that its name leads through.
    @discardableResult
    static func write(_ text: String, _ name: String, in directory: String) throws -> FileDigest {
        try write(Array(text.utf8), name, in: directory)
    }

    private static func write(_ data: [UInt8], _ name: String, in directory: String) throws -> FileDigest {
        let path = directory + "/" + name
        if let slash = path.lastIndex(of: "/") { try makeFolder(String(path[..<slash])) }
        return try OutputFile.write(data, name, in: directory)
    }
}
