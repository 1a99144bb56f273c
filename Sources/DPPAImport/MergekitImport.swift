import DPPASupport
import Foundation

/// A recipe made of a mergekit configuration, of a merge or of a mixture of experts, or of a call of PEFT's
/// `add_weighted_adapter`.
package struct MergekitImport {
    /// The text of the recipe.
    package private(set) var text = ""
    /// What is told at the keyboard: what is passed over, and what a person has to decide.
    package private(set) var warnings: [String] = []
    /// The text of a chat template that is to lie beside the recipe, if there is one.
    package private(set) var template: String?

    /// Reads a file's bytes; `templateName` is what a chat template will be called, nil where none can be written.
    ///
    /// Throws `data` at the place of the first thing that cannot be, and `limit` where the file is too much.
    package init(_ bytes: [UInt8], file: String, templateName: String?) throws {
        let documents = try YAMLDocuments(bytes, file: file).documents
        guard !documents.isEmpty else {
            throw DPPAError(
                .data, "\(file) is empty", notes: ["a merge of mergekit has merge_method and models or slices"])
        }
        if let mixture = documents.first(where: MixtureFile.isOne) {
            guard documents.count == 1 else {
                throw mixture.error(
                    "a mixture of experts stands alone in its file; this one has \(documents.count) documents")
            }
            try write(MixtureFile(mixture), file)
            return
        }
        if documents.count == 1, AdapterMerge.recognises(documents[0]) {
            let merge = try AdapterMerge(documents[0])
            text = merge.recipe(file)
            tell(merge.notes + merge.refusals)
            return
        }
        var files: [MergeFile] = []
        for document in documents {
            let merge = try MergeFile(document)
            if let twin = files.first(where: { $0.name == merge.name }) {
                throw DPPAError(
                    .data,
                    merge.name.map { "two merges have the name '\($0.shown)'" } ?? "two merges have no name",
                    notes: [
                        twin.name == nil
                            ? "all but the last of several merges have a name: name: first" : "names are unique"
                    ],
                    location: merge.place)
            }
            files.append(merge)
        }
        try write(Self.ordered(files), file, templateName)
    }

    /// The merges in an order in which each comes behind those that it reads.
    private static func ordered(_ files: [MergeFile]) throws -> [MergeFile] {
        let names = Set(files.compactMap(\.name))
        var (left, done, result) = (files, Set<String>(), [MergeFile]())
        while !left.isEmpty {
            guard
                let next = left.firstIndex(where: { file in
                    file.references.allSatisfy { !names.contains($0) || done.contains($0) }
                        && (file.name != nil || left.count == 1)
                })
            else {
                throw DPPAError(
                    .data, "merges need each other: \(left.compactMap(\.name).joined(separator: ", "))",
                    location: left[0].place)
            }
            if let name = left[next].name { done.insert(name) }
            result.append(left.remove(at: next))
        }
        return result
    }

    private mutating func write(_ files: [MergeFile], _ file: String, _ templateName: String?) throws {
        var names = ModelNames()
        names.used = Set(files.map(\.method.module))
        names.reserve(files.flatMap(\.models))
        let read = Set(files.flatMap(\.references))
        let isLastReturned = files.last?.name == nil || files.count == 1
        var (body, modules, remarks): ([String], [String], [String]) = ([], [], [])
        for (number, merge) in files.enumerated() {
            let recipe = try MergeRecipe(merge, isAlone: files.count == 1, &names)
            if recipe.isCalled, !modules.contains(recipe.variable) { modules.append(recipe.variable) }
            for remark in recipe.remarks where !remarks.contains(remark) { remarks.append(remark) }
            tell(recipe.notes + recipe.refusals)
            if number > 0 { body.append("") }
            body += recipe.lines
            if !recipe.lines.isEmpty { body.append("") }
            body += recipe.refusals.map { "error(\(LuaText.quoted($0.text)))" }
            var output = recipe.output
            if let text = recipe.template {
                if let templateName, template == nil || template == text {
                    template = text
                    output.append("chat_template = \(LuaText.quoted(templateName))")
                } else {
                    let note = ImportNote(
                        templateName == nil
                            ? "the chat template is a file: --out recipe.lua writes it beside the recipe"
                            : "a second chat template: put it beside the recipe and name it in the options of the model",
                        merge.place)
                    tell([note])
                    body.append("error(\(LuaText.quoted(note.text)))")
                }
            }
            let options = LuaText.table(output)
            if number == files.count - 1, isLastReturned {
                body.append("return \(recipe.model)" + (output.isEmpty ? "" : ", \(options)"))
                continue
            }
            let name = LuaText.variable(merge.name ?? "merged", &names.used)
            let isRead = merge.name.map(read.contains) ?? false
            body.append("local \(name) = " + (isRead ? recipe.intermediate : recipe.model))
            if !isLastReturned {
                body.append(
                    "\(name):save(\(LuaText.quoted(merge.name ?? "merged"))" + (output.isEmpty ? "" : ", \(options)")
                        + ")")
            }
            if let own = merge.name { names.merges[own] = name }
        }
        text = RecipeText.page(
            "\(RecipeText.name(file)) of mergekit", remarks: remarks, names, modules: modules, body: body)
    }

    private mutating func write(_ mixture: MixtureFile, _ file: String) throws {
        var names = ModelNames()
        let recipe = try MixtureRecipe(mixture, &names)
        tell(recipe.notes + recipe.refusals)
        text = RecipeText.page(
            "\(RecipeText.name(file)) of mergekit-moe", remarks: recipe.remarks, names, modules: [], body: recipe.lines)
    }

    private mutating func tell(_ notes: [ImportNote]) {
        for note in notes {
            let column = note.place.column > 0 ? ":\(note.place.column)" : ""
            let line = "\(note.place.file):\(note.place.line)\(column): warning: \(note.text)"
            if !warnings.contains(line) { warnings.append(line) }
        }
    }
}

extension MergeFile {
    /// The models that it names.
    var models: [MergekitModel] {
        slices.flatMap { $0.sources.map(\.model) + [$0.base].compactMap(\.self) } + [base].compactMap(\.self)
    }

    /// As it names them.
    var references: [String] { models.map(\.reference) }
}
