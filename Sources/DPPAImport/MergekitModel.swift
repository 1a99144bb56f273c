import DPPASupport

/// A model as mergekit names it: `path[@revision][+adapter[@revision]]`, or a mapping of these.
struct MergekitModel: Hashable {
    /// The path with its revision, and behind a `+` an adapter's.
    var reference: String
    let place: DPPAError.Location

    static func == (a: MergekitModel, b: MergekitModel) -> Bool { a.reference == b.reference }
    func hash(into hasher: inout Hasher) { hasher.combine(reference) }

    /// Throws when it is neither.
    init(_ value: YAMLValue) throws {
        place = value.place
        if let text = value.text {
            guard !text.isEmpty, text.count(where: { $0 == "+" }) < 2, !text.contains(where: \.isNewline),
                text.utf8.count < 4096
            else {
                throw value.error("'\(text.shown)' is no model: it is path or path+adapter")
            }
            for part in text.split(separator: "+", omittingEmptySubsequences: false) {
                guard !part.isEmpty, part.count(where: { $0 == "@" }) < 2 else {
                    throw value.error("'\(text.shown)' is no model: a path has at most one @, before its revision")
                }
            }
            reference = text
            return
        }
        guard let members = value.members else { throw value.error("a model is a path; this is \(value.described)") }
        try KnownKeys(["model", "lora", "override_architecture"], of: "a model").check(members)
        if let other = value.given("override_architecture") {
            throw other.error("override_architecture is not carried over: a model is what its config.json says")
        }
        guard let model = value.given("model") else { throw value.error("a model has no path") }
        reference = try Self.path(model)
        if let lora = value.given("lora") { reference += "+" + (try Self.path(lora)) }
    }

    private static func path(_ value: YAMLValue) throws -> String {
        if let text = value.text, !text.isEmpty, !text.contains(where: \.isNewline) { return text }
        guard let members = value.members, let path = value["path"]?.text else {
            throw value.error("a path is a text, or a mapping of path and revision; this is \(value.described)")
        }
        try KnownKeys(["path", "revision"], of: "a path").check(members)
        let revision = value.given("revision")?.text
        return path + (revision.map { "@" + $0 } ?? "")
    }

    /// The last part of the path, as a name.
    var label: String {
        let path = reference.split(separator: "+").map { part in
            let bare = part.split(separator: "@").first ?? part
            return String(bare.split(separator: "/").last ?? bare)
        }
        return path.joined(separator: "+")
    }
}

/// A type of numbers as mergekit names it.
enum WrittenType: String {
    case float32, float16, bfloat16, float64

    init(_ value: YAMLValue, _ key: String) throws {
        var name = value.text ?? ""
        if name.hasPrefix("torch.") { name = String(name.dropFirst(6)) }
        guard let type = WrittenType(rawValue: name) else {
            throw value.error(
                "'\(key)' is one of float32, float16, bfloat16 and float64; this is \(value.described)")
        }
        self = type
    }

    /// The name here.
    var name: String {
        switch self {
        case .float32: "f32"
        case .float16: "f16"
        case .bfloat16: "bf16"
        case .float64: "f64"
        }
    }
}
