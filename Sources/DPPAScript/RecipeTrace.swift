import DPPA

/// What a recipe has built, before anything is written.
package struct RecipeTrace {
    package let session: RecipeSession
    /// The recipe's text.
    package let text: String
    /// Why a forgiving trace ended early.
    package let failure: DPPAError?
    /// Whether a place is in a file of the recipe's own.
    package let isOwn: (DPPAError.Location) -> Bool

    /// The call that needed a measured value, when a dry trace ended there.
    package var stop: DPPAError.Location? { session.stop }

    /// What `run` would warn of without having read a weight.
    package var warnings: [String] { RecipeOutcome.earlyWarnings(session, isOwn: isOwn) }
}
