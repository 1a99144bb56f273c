import Foundation
import SystemPackage

/// The recipe that `dppa-run new` writes.
package enum RecipeTemplate {
    /// Its text, for a file of this name.
    package static func text(_ path: String) -> String {
        (LibraryTexts.all["template"] ?? "").replacingOccurrences(
            of: "NAME.lua", with: FilePath(path).name)
    }

    /// The text of another recipe, whose own commands name the new file.
    ///
    /// Throws when it is no recipe that could be run.
    package static func copy(_ recipe: String, as path: String) throws -> String {
        let files = RecipeFiles(recipe: recipe, limits: ScriptLimits(), texts: SourceTexts(), library: [:])
        let name = NSRegularExpression.escapedPattern(for: FilePath(recipe).lastComponent?.stem ?? "")
        // With or without its folder and ending, as the one who wrote it calls it.
        return try files.read(recipe, name: recipe).replacingOccurrences(
            of: "(dppa-run [a-z]+ )(?:[^\\s`'\"]*/)?\(name)(?:\\.lua)?(?![^\\s`'\"])",
            with: "$1" + NSRegularExpression.escapedTemplate(for: path), options: .regularExpression)
    }
}
