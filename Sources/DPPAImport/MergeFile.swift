import DPPASupport

/// A mergekit configuration as it is written: one document of a file.
struct MergeFile {
    /// A model of a merge, or the part of it that a slice takes.
    struct Source {
        var model: MergekitModel
        /// The first layer and the one behind the last; nil for all.
        var layers: Range<Int>?
        var parameters: [MergeParameter]
        var place: DPPAError.Location
    }

    /// A slice, or the whole merge where it is of models.
    struct Slice {
        var sources: [Source]
        var base: MergekitModel?
        var parameters: [MergeParameter]
        var place: DPPAError.Location
    }

    var name: String?
    var method: MergekitMethod
    var slices: [Slice]
    /// Whether it is of slices, not of whole models.
    var isSliced: Bool
    var base: MergekitModel?
    var parameters: [MergeParameter]
    var dtype: WrittenType?
    var outDType: WrittenType?
    var tokenizer: TokenizerWish?
    var chatTemplate: (text: String, place: DPPAError.Location)?
    /// What is passed over because it is nothing to the numbers, in words.
    var notes: [ImportNote] = []
    var place: DPPAError.Location

    static let keys = [
        "merge_method", "models", "slices", "modules", "base_model", "parameters", "dtype", "out_dtype",
        "tokenizer_source",
        "tokenizer", "chat_template", "name",
    ]

    /// Reads a document.
    ///
    /// Throws at the first thing that is not as mergekit has it, keys at the top before everything else.
    init(_ document: YAMLValue) throws {
        guard let members = document.members else {
            throw document.error("a merge is a mapping with merge_method; this is \(document.described)")
        }
        try Self.refuseOthers(document, members)
        try KnownKeys(Self.keys, of: "a merge").check(members)
        place = document.place
        guard let written = document.given("merge_method") else { throw document.error("merge_method is missing") }
        let method = try MergekitMethod.named(written)
        self.method = method
        let given = ["models", "slices", "modules"].filter { document.given($0) != nil }
        guard given.count == 1 else {
            throw (given.count > 1 ? document.given(given[1]) ?? document : document).error(
                given.isEmpty ? "there is neither models nor slices" : "there is \(given.joined(separator: " and "))",
                notes: ["a merge has one of models, slices and modules"])
        }
        name = try document.given("name").map { try Self.text($0, "name") }
        base = try document.given("base_model").map { try MergekitModel($0) }
        var notes: [ImportNote] = []
        parameters = try Self.parameters(document.given("parameters"), method, &notes)
        var body = document
        if let modules = document.given("modules") {
            guard let all = modules.members, let only = all.first, all.count == 1 else {
                throw modules.error(
                    "modules of several parts, such as a tower for pictures beside the language model, are not carried over",
                    notes: ["write the language model's part as models or slices of its own"])
            }
            try KnownKeys(["models", "slices", "parameters"], of: "a module").check(only.value.members ?? [])
            body = only.value
            // Nearer ones come first.
            parameters = try Self.parameters(body["parameters"], method, &notes) + parameters
        }
        let models = body.given("models")
        isSliced = models == nil
        if let models {
            let sources = try Self.list(models, "models").map { try Self.source($0, method, &notes, isSliced: false) }
            slices = [Slice(sources: sources, base: nil, parameters: [], place: models.place)]
        } else {
            slices = try Self.list(body["slices"] ?? body, "slices").map { try Self.slice($0, method, &notes) }
        }
        dtype = try document.given("dtype").map { try WrittenType($0, "dtype") }
        outDType = try document.given("out_dtype").map { try WrittenType($0, "out_dtype") }
        tokenizer = try TokenizerWish(document.given("tokenizer_source"), document.given("tokenizer"))
        chatTemplate = try document.given("chat_template").map { (try Self.text($0, "chat_template"), $0.place) }
        self.notes = notes
    }

    private static func text(_ value: YAMLValue, _ key: String) throws -> String {
        guard let text = value.text, !text.isEmpty else {
            throw value.error("'\(key)' is a text; this is \(value.described)")
        }
        return text
    }

    private static func list(_ value: YAMLValue, _ key: String) throws -> [YAMLValue] {
        guard let list = value.list, !list.isEmpty else {
            throw value.error("'\(key)' is a list; this is \(value.list == nil ? value.described : "an empty one")")
        }
        return list
    }

    private static func slice(_ value: YAMLValue, _ method: MergekitMethod, _ notes: inout [ImportNote]) throws -> Slice
    {
        guard let members = value.members else { throw value.error("a slice is a mapping; this is \(value.described)") }
        try KnownKeys(["sources", "base_model", "parameters", "residual_weight"], of: "a slice").check(members)
        if let weight = value.given("residual_weight") {
            notes.append(ImportNote("residual_weight has no effect in mergekit", weight.place))
        }
        guard let sources = value["sources"] else { throw value.error("a slice has no sources") }
        return Slice(
            sources: try list(sources, "sources").map { try source($0, method, &notes, isSliced: true) },
            base: try value.given("base_model").map { try MergekitModel($0) },
            parameters: try parameters(value["parameters"], method, &notes), place: value.place)
    }

    private static func source(
        _ value: YAMLValue, _ method: MergekitMethod, _ notes: inout [ImportNote], isSliced: Bool
    ) throws -> Source {
        let what = isSliced ? "a source" : "a model"
        guard let members = value.members else {
            throw value.error(
                "\(what) is a mapping; this is \(value.described)", notes: ["write - model: \(value.text ?? "name")"])
        }
        try KnownKeys(["model", "parameters"] + (isSliced ? ["layer_range"] : []), of: what).check(members)
        guard let model = value.given("model") else { throw value.error("\(what) has no model") }
        var layers: Range<Int>?
        if isSliced {
            guard let range = value["layer_range"] else { throw value.error("a source has no layer_range") }
            let ends = (range.list ?? []).map(\.int)
            guard ends.count == 2, let first = ends[0], let end = ends[1], first >= 0, end > first, end <= 100_000
            else {
                throw range.error(
                    "layer_range is [first, end], of which the end is the layer behind the last",
                    notes: ["for example [0, 16] for the layers 0 to 15"])
            }
            layers = first..<end
        }
        return Source(
            model: try MergekitModel(model), layers: layers,
            parameters: try parameters(value["parameters"], method, &notes), place: value.place)
    }

    private static func parameters(
        _ value: YAMLValue?, _ method: MergekitMethod, _ notes: inout [ImportNote]
    ) throws -> [MergeParameter] {
        guard let value, !value.isNull else { return [] }
        guard let members = value.members else {
            throw value.error("parameters is a mapping; this is \(value.described)")
        }
        var found: [MergeParameter] = []
        for member in members {
            guard let known = method.parameter(member.key) else {
                guard MergekitMethod.known.contains(member.key) else {
                    let names = method.parameters.map(\.name)
                    throw DPPAError(
                        .data,
                        "\(method.name) has no parameter '\(member.key.shown)'"
                            + Suggestions.hint(for: member.key, among: Array(MergekitMethod.known)),
                        notes: names.isEmpty
                            ? ["it has none"] : ["its parameters are \(names.joined(separator: ", "))"],
                        location: member.place)
                }
                notes.append(
                    ImportNote(
                        "\(method.name) has no parameter '\(member.key)', and mergekit passes it over", member.place))
                continue
            }
            if let parameter = try MergeParameter(member, kind: known.kind) { found.append(parameter) }
        }
        return found
    }

    /// Throws for files of mergekit's other programs, by name.
    private static func refuseOthers(_ document: YAMLValue, _ members: [YAMLValue.Member]) throws {
        let keys = Set(members.map(\.key))
        let others: [(keys: [String], what: String)] = [
            (["genome", "tasks"], "a file of mergekit-evolve, which searches for parameters"),
            (["layer_slices"], "a file of bakllama, mergekit's old program for stacks"),
        ]
        for other in others {
            guard let key = other.keys.first(where: keys.contains), !keys.contains("merge_method") else { continue }
            throw DPPAError(
                .data, "'\(key)': this is \(other.what), and not a merge that import knows",
                notes: other.keys[0] == "genome" ? ["a search is a recipe of its own: dppa-run help search"] : [],
                location: members.first { $0.key == key }?.place)
        }
    }
}

/// What is passed over, with its place.
struct ImportNote {
    var text: String
    var place: DPPAError.Location

    init(_ text: String, _ place: DPPAError.Location) { (self.text, self.place) = (text, place) }
}
