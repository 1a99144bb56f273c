import DPPA

/// What a recipe has built, before anything is written.
package struct RecipeTrace {
    package let session: RecipeSession
    /// The texts of the recipe's own files, by name.
    package let texts: [String: String]
    /// The recipe's text.
    package let text: String
    /// The recipe's file name, without its folder.
    package let name: String
    /// What stands beside the recipe of a written model.
    let recorded: RecordedRecipe?
    /// The recipe's own modules by the name that `require` has, sorted.
    package let modules: [(name: String, text: String)]
    /// The shipped modules that were required, sorted.
    package let library: [String]
    /// What the recipe has printed.
    package let printed: PrintedTexts
    /// Why a forgiving trace ended early.
    package let failure: DPPAError?

    init(
        _ session: RecipeSession, _ sources: SourceTexts, recipe: String, recorded: RecordedRecipe?,
        printed: PrintedTexts, failure: DPPAError?
    ) {
        self.session = session
        self.recorded = recorded
        name = recorded?.name ?? RunRecord.Option.Value.lastComponent(recipe)
        texts = sources.texts
        text = sources.texts[recipe] ?? ""
        modules = sources.modules.sorted { $0.key < $1.key }.map { ($0.key, sources.texts[$0.value] ?? "") }
        library = sources.library.sorted()
        self.printed = printed
        self.failure = failure
    }

    /// Whether a place is in a file of the recipe's own.
    func isOwn(_ place: DPPAError.Location) -> Bool { texts[place.file] != nil }

    /// The call that needed a measured value, when a dry trace ended there.
    package var stop: DPPAError.Location? { session.stop }

    /// What `run` would warn of without having read a weight: models that were cut, and, when the recipe was traced to its
    /// end, masks that nothing depends on.
    package var warnings: [String] {
        guard stop == nil else { return session.warnings }
        return session.warnings
            + session.unusedMasks(isOwn: isOwn).map { mask in
                "\(mask.location.file):\(mask.location.line): warning: no result depends on the mask \(mask.formula)\n"
                    + "note: Lua's `and`, `or`, `not` and `if` see every field as true; choose with where(mask, a, b), join masks "
                    + "by & and |, turn one around by ~"
            }
    }

    /// The same, and what the weights have shown: infinities and NaNs, and what named clamps have cut.
    func lateWarnings() throws -> [String] {
        let inputs = session.engine.report.nonFiniteInputs.map {
            "warning: \($0.label) has \($0.count) infinite or NaN elements, for example in \($0.tensor)"
        }
        let others = recorded?.differences(session.describeModels()) ?? []
        return others + warnings + inputs + (try session.clampWarnings())
    }

    /// What the texts of the recipe's own files show: comparisons and conditions on fields, and, behind the place where the
    /// trace ended, names of files that are not there, and names under which nothing more can be saved.
    package var traps: [String] {
        let files = texts.sorted { $0.key < $1.key }
        let conditions = files.flatMap { SilentTraps.warnings($1, file: $0) }
        guard let stop, let text = texts[stop.file] else { return conditions }
        return conditions + LiteralPaths.warnings(text, behind: stop, session.paths)
            + LiteralSaves.warnings(text, behind: stop, taken: session.results.compactMap(\.name))
    }
}
