import ArgumentParser
import DPPA
import DPPAScript
import Foundation

/// `dppa-run tokenize`: a text as the tokens of a model.
struct TokenizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Show the tokens of a text, or turn lines into tokens.",
        usage: "dppa-run tokenize <model> [<text>] [<options>]",
        discussion: """
            With a text: a line for each token, its id and how the vocabulary spells it. Without one: every line of standard \
            input becomes a JSON list of ids, as tasks have them.

            The text of a special token, such as <|im_end|>, is text like any other unless --special says otherwise.

            Examples:
              dppa-run tokenize path/to/model "Hello there"
              dppa-run tokenize path/to/model < lines.txt > ids.jsonl
            """)

    @Argument(
        help: ArgumentHelp(
            "A model, or its tokenizer: a directory, a tokenizer.json, a tokenizer.model, org/name.", valueName: "model"
        ),
        completion: .file())
    var model: String

    @Argument(help: "A text; without one, lines of standard input.")
    var text: String?

    @Flag(help: "Recognise special tokens in the text.")
    var special = false

    @Flag(help: "Add the tokens with which the tokenizer begins and ends a text.")
    var template = false

    @Flag(help: "Print how many tokens there are, and nothing else.")
    var count = false

    func run() throws {
        do {
            let encoder = try Tokenizer(path: InputPath.tokenizer(model)).encoder()
            var options = Tokenizer.Options()
            (options.recognizesSpecial, options.addsTemplate) = (special, template)
            if let text { return show(try encoder.encode(text, options), of: encoder.tokenizer) }
            var total = 0
            while let line = readLine() {
                let tokens = try encoder.encode(line, options)
                total += tokens.count
                if !count { Console.output("[" + tokens.map(String.init).joined(separator: ", ") + "]") }
            }
            if count { Console.output("\(total)") }
        } catch {
            throw Console.fail(error)
        }
    }

    private func show(_ tokens: [Int32], of tokenizer: Tokenizer) {
        guard !count else { return Console.output("\(tokens.count)") }
        let width = tokens.map { "\($0)".count }.max() ?? 0
        for token in tokens {
            let id = "\(token)"
            Console.output(
                String(repeating: " ", count: width - id.count) + id + "  " + (tokenizer.text(of: token) ?? "?"))
        }
    }
}

extension InputPath {
    /// The tokenizer of a model, or a tokenizer's own file.
    ///
    /// Throws `missingInput` when there is none, with what was looked for.
    static func tokenizer(_ given: String) throws -> String {
        let place = try model(given)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: place, isDirectory: &isFolder), isFolder.boolValue else {
            return place
        }
        for name in ["tokenizer.json", "tokenizer.model"] {
            let path = place + "/" + name
            if FileManager.default.fileExists(atPath: path) { return path }
        }
        throw DPPAError(
            .missingInput, "\(given) has no tokenizer", notes: ["looked for tokenizer.json and tokenizer.model in it"])
    }
}
