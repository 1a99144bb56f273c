import DPPA

/// What a recipe's named values are, without anything being written.
package struct RecipeMeasurement {
    package let outcome: RecipeOutcome

    /// Computes all named values of a trace.
    ///
    /// Throws a `data` error when the recipe names none.
    package init(_ trace: RecipeTrace, recipe: String, dtype: DType?, start: RunStart) throws {
        let session = trace.session
        guard !session.named.isEmpty || !session.tables.isEmpty else {
            throw DPPAError(
                .data, "\(recipe) names no values",
                notes: ["name one: mean(x, \"layer\"):named \"what it is\""])
        }
        try session.engine.run(session.named.map(\.node))
        outcome = RecipeOutcome(record: try RunRecord(trace, dtype: dtype, start: start))
    }
}
