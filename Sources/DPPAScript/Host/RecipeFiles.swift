import DPPA
import Foundation
import SystemPackage

/// The files of a recipe: itself, and what it requires from `lib/` beside it.
final class RecipeFiles {
    private let recipe: String
    private let limits: ScriptLimits
    private let texts: SourceTexts
    private let library: [String: String]
    /// The tensor of no layer whose layer or depth a rule has just looked at.
    fileprivate(set) var outside: String?

    init(recipe: String, limits: ScriptLimits, texts: SourceTexts, library: [String: String]) {
        self.recipe = recipe
        self.limits = limits
        self.texts = texts
        self.library = library
    }

    private var folder: FilePath { FilePath(recipe).folder }

    /// The text of a file.
    ///
    /// Throws when it is no text, too large, or not there.
    func read(_ path: String, name: String) throws -> String {
        if let known = texts.texts[name] { return known }
        guard texts.texts.count < limits.fileCount else {
            throw DPPAError(.limit, "the recipe has more than \(limits.fileCount) files")
        }
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), !isDirectory.boolValue,
            let handle = FileHandle(forReadingAtPath: path)
        else { throw DPPAError(.missingInput, "there is no recipe file \(path)") }
        let data = (try? handle.read(upToCount: limits.fileSize + 1)) ?? Data()
        guard data.count <= limits.fileSize else {
            throw DPPAError(.limit, "\(path) is larger than \(limits.fileSize >> 10) KiB")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw DPPAError(.data, "\(path) is not UTF-8 text")
        }
        try Self.requireSource(text, path, limits)
        texts.add(name, text)
        return text
    }

    /// Throws unless a text, of a file or of a lock, can be the source of a program.
    static func requireSource(_ text: String, _ path: String, _ limits: ScriptLimits) throws {
        guard text.utf8.count <= limits.fileSize else {
            throw DPPAError(.limit, "\(path) is larger than \(limits.fileSize >> 10) KiB")
        }
        guard text.utf8.first != 0x1B else { throw DPPAError(.data, "\(path) is compiled Lua; recipes are text") }
        guard !text.utf8.contains(0) else { throw DPPAError(.data, "\(path) is not UTF-8 text") }
        guard !text.hasPrefix("\u{FEFF}") else {
            throw DPPAError(.data, "\(path) begins with a byte order mark", notes: ["save it as plain UTF-8"])
        }
    }

    /// What `require` finds: the text, and the name of the chunk ("=…" for what ships, "@…" for the recipe's own).
    func module(_ name: String) throws -> (text: String, chunk: String) {
        if name.hasPrefix("dppa.") {
            let word = String(name.dropFirst(5))
            if let text = library[word], !LibraryTexts.hidden.contains(word) {
                texts.addLibrary(word)
                return (text, "=" + name)
            }
            let known = library.keys.filter { !LibraryTexts.hidden.contains($0) }.map { "dppa." + $0 } + ["dppa.v1"]
            throw DPPAError(
                .data, "there is no module '\(name)'", notes: [Suggestions.sentence(for: name, among: known)])
        }
        guard !name.isEmpty, name.utf8.count <= 64, name.utf8.allSatisfy(Self.isNameByte) else {
            throw DPPAError(
                .data, "require: '\(name)' is no module name",
                notes: ["a module is a file lib/NAME.lua beside the recipe; names have letters, digits and _"])
        }
        let path = folder.appending("lib/" + name + ".lua").string
        // What a lock brings need not be there as a file.
        if let known = texts.texts[path] {
            texts.addModule(name, file: path)
            return (known, "@" + path)
        }
        guard let file = FilePath(path).real, let top = folder.real else {
            throw DPPAError(.missingInput, "there is no module '\(name)'", notes: ["looked for \(path)"])
        }
        guard top.holds(file) else {
            throw DPPAError(
                .data, "the module '\(name)' leads out of the recipe's folder", notes: ["copy it into lib/"])
        }
        texts.addModule(name, file: path)
        return (try read(path, name: path), "@" + path)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
    }

    /// What the sandbox itself calls.
    static func functions(_ files: RecipeFiles, print: @escaping @Sendable (String) -> Void) -> [String: Function] {
        // The functions run on the recipe's thread alone, as does everything of a host.
        nonisolated(unsafe) let files = files
        func make(
            _ name: String, _ parameters: [Parameter], _ body: @escaping @Sendable (Call) throws -> [ScriptValue]
        ) -> Function {
            Function(name: name, summary: "", parameters: parameters, returns: "", example: "", body: body)
        }
        return [
            "module": make("require", [Parameter("name", .name)]) { call in
                let found = try files.module(call.text(0))
                return [.string(found.text), .string(found.chunk)]
            },
            "recipe": make("recipe", []) { _ in
                [.string(try files.read(files.recipe, name: files.recipe)), .string("@" + files.recipe)]
            },
            "prelude": make("prelude", []) { _ in
                ["prelude", "methods"].map { .string(files.library[$0] ?? "") } + [.string("=dppa.v1")]
            },
            "print": make("print", [Parameter("text", .text)]) { call in
                print(call.text(0).printable)
                return []
            },
            // The tensor of no layer whose layer a rule has looked at, for the message of what it does with nil.
            "outside": make("outside", [Parameter("tensor", .text, isOptional: true)]) { call in
                files.outside = call.argument(0).text
                return []
            },
            "suggest": make("suggest", [Parameter("word", .text), Parameter("names", .anyList)]) { call in
                let near = Suggestions.nearest(to: call.text(0), among: call.argument(1).texts)
                return [.string(near.isEmpty ? "" : "; did you mean \(Suggestions.list(near))?")]
            },
        ]
    }
}
