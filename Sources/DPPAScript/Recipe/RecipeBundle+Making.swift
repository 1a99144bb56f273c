import DPPA
import Foundation
import SystemPackage

extension RecipeBundle {
    /// The bundle of a recipe with what its texts name: modules that they require, and JSON files, by texts in quotes.
    ///
    /// `notes` tells of what is named and stays outside. A lock must be of this very recipe; that of a written model comes
    /// along by itself. Throws `usage` for what is a bundle, `data` for another recipe's lock or a text that no recipe can be.
    package static func make(
        of recipe: String, lock given: RecipeLock? = nil
    ) throws -> (bundle: RecipeBundle, notes: [String]) {
        guard !isBundle(recipe) else {
            throw DPPAError(
                .usage, "\(recipe) is a bundle already",
                notes: ["copy it, or take its lock with another recipe: --lock \(recipe)"])
        }
        let (recorded, limits, texts) = (try RecordedRecipe(recipe), ScriptLimits(), SourceTexts())
        let path = recorded?.path ?? recipe
        for (file, text) in recorded?.texts ?? [:] {
            try RecipeFiles.requireSource(text, file, limits)
            texts.add(file, text)
        }
        let files = RecipeFiles(recipe: path, limits: limits, texts: texts, library: [:])
        let paths = PathRules(
            recipeFolder: FilePath(path).folder.string, granted: [], roots: [], hub: HubCache([:]))
        let text = try files.read(path, name: path)
        var bundle = RecipeBundle(name: recorded?.name ?? FilePath(path).name, program: version, text: text)
        var notes: [String] = []
        func tell(_ note: String) { if !notes.contains(note) { notes.append(note) } }
        var waiting = [text]
        while let text = waiting.popLast() {
            for (function, name) in LiteralPaths.names(in: text) {
                switch function {
                case "require" where !name.hasPrefix("dppa.") && bundle.modules[name] == nil:
                    do {
                        let module = try files.module(name).text
                        bundle.modules[name] = module
                        waiting.append(module)
                    } catch let error as DPPAError where error.code == .missingInput {
                        tell("\(error.message), which the recipe names")
                    }
                case "json" where bundle.tables[name] == nil:
                    guard let place = try? paths.resolve(name, for: .file), !name.contains("\n"),
                        let bytes = try? FileDescriptor.contents(place.path, limit: 16 << 20),
                        let table = String(validating: bytes, as: UTF8.self)
                    else { tell("the table '\(name.shown)' is not beside the recipe and not in the bundle"); continue }
                    bundle.tables[name] = table
                case "tensors": tell("'\(name.shown)' holds tensors and is not in the bundle: send it along")
                default: break
                }
            }
        }
        if let lock = given ?? recorded?.lock { try bundle.attach(lock) }
        return (bundle, notes)
    }

    /// Takes in a lock, with the modules whose names the recipe puts together.
    private mutating func attach(_ lock: RecipeLock) throws {
        let others = lock.modules.filter { name, text in modules[name].map { $0 != text } ?? false }.keys
        guard lock.text == text, others.isEmpty else {
            let what = lock.text == text ? others.sorted().map { "lib/\($0).lua" } : [name]
            throw DPPAError(
                .data,
                "the lock is of another recipe: the text of \(Phrase.list(what.map(\.shown))) differs from its own",
                notes: ["run the recipe and take the lock of that model, or bundle the model that has the lock"])
        }
        modules.merge(lock.modules) { own, _ in own }
        self.lock = lock.json
    }
}
