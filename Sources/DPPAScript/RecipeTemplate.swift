import Foundation
import SystemPackage

/// The recipe that `dppa-run new` writes.
package enum RecipeTemplate {
    /// Its text, for a file of this name.
    package static func text(_ path: String) -> String {
        (LibraryTexts.all["template"] ?? "").replacingOccurrences(
            of: "NAME.lua", with: FilePath(path).name)
    }
}
