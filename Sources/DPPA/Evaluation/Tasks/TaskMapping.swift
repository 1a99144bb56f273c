import DPPASupport
import DPPATokenization

/// How a question is made of the keys of a line that has others: templates such as `"prompt": "Question: {{question}}\nAnswer:"`.
struct TaskMapping: Sendable {
    /// The keys of a question.
    static let keys = ["prompt", "target", "choices", "answer", "answer_text", "text"]

    private enum Part: Sendable {
        case template(Template)
        case list([Template])
        case constant(JSONValue)
    }

    private var parts: [(key: String, part: Part)] = []

    /// Reads the templates of a declaration; nil where it has none.
    ///
    /// Throws `data` with the place when one is none.
    init?(_ fields: JSONObject, place: String) throws {
        for key in Self.keys {
            guard let value = fields[key] else { continue }
            func template(_ text: String) throws -> Template {
                try Template(text, label: "\(place): '\(key)'", style: .mapping)
            }
            if let text = value.string {
                parts.append((key, .template(try template(text))))
            } else if key == "choices", let values = value.array, values.allSatisfy({ $0.string != nil }) {
                parts.append((key, .list(try values.map { try template($0.string ?? "") })))
            } else if key == "answer", value.int != nil {
                parts.append((key, .constant(value)))
            } else {
                throw DPPAError(
                    .data,
                    "\(place): '\(key)' must be a template"
                        + (key == "choices" ? " or a list of templates" : key == "answer" ? " or a whole number" : ""))
            }
        }
        if parts.isEmpty { return nil }
    }

    /// The keys that it makes.
    var made: [String] { parts.map(\.key) }

    /// The keys of a question, made of those of a line.
    ///
    /// Throws `data` with `place` where a template asks for a key that the line does not have, or gives what is no text.
    func question(_ line: JSONObject, place: String) throws -> JSONObject {
        let values = line.members.map { (key: $0.name, value: TemplateValue($0.value)) }
        var question = JSONObject()
        do {
            for (key, part) in parts {
                switch part {
                case .template(let template):
                    let isText = key != "choices" && key != "answer"
                    question.set(
                        key,
                        isText
                            ? .string(try template.text(of: values).string)
                            : try Self.value(try template.value(of: values), key))
                case .list(let templates):
                    question.set(key, .array(try templates.map { .string(try $0.text(of: values).string) }))
                case .constant(let value): question.set(key, value)
                }
            }
        } catch var error as DPPAError {
            error.message = "\(place): \(error.message)"
            throw error
        }
        return question
    }

    private static func value(_ value: TemplateValue, _ key: String) throws -> JSONValue {
        switch value {
        case .text(let text): return .string(text.string)
        case .integer(let number): return key == "answer" ? .integer(number) : .string(String(number))
        case .list(let values) where key == "choices": return .array(try values.map { try Self.value($0, key) })
        default: throw DPPAError(.data, "the template of '\(key)' gives \(value.kind)")
        }
    }
}
