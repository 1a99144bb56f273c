import DPPA

/// What a recipe has built, before anything is written.
package struct RecipeTrace {
    package let session: RecipeSession
    /// The texts of the recipe's own files, by name.
    package let texts: [String: String]
    /// The recipe's text.
    package let text: String
    /// Why a forgiving trace ended early.
    package let failure: DPPAError?

    /// Whether a place is in a file of the recipe's own.
    func isOwn(_ place: DPPAError.Location) -> Bool { texts[place.file] != nil }

    /// The call that needed a measured value, when a dry trace ended there.
    package var stop: DPPAError.Location? { session.stop }

    /// What `run` would warn of without having read a weight; of masks only when the recipe was traced to its end.
    package var warnings: [String] {
        stop == nil ? RecipeOutcome.earlyWarnings(session, isOwn: isOwn) : session.warnings
    }

    /// Comparisons and conditions on fields in the recipe's own files.
    package var traps: [String] { texts.sorted { $0.key < $1.key }.flatMap { SilentTraps.warnings($1, file: $0) } }
}
