import DPPA
import DPPAScript
import Testing

/// What a run costs in bytes, passes and steps: what speed is made of, without a clock.
@Suite struct WorkTests {
    private static let zoo = Folders.recipes + "/zoo"
    private static let experts = ["math", "finance", "law"].map { zoo + "/" + $0 }

    private func report(_ path: String, _ options: [String: String]) throws -> EngineReport {
        let scratch = try Scratch()
        var request = RecipeRun.Request(out: scratch.path + "/out")
        request.options = options
        return try RecipeRun(path).run(request).report
    }

    /// Steps for each element of the result, for three experts, counted by hand from the formulas.
    ///
    /// Task arithmetic: three differences, two sums, lambda, the base. TIES: three differences to choose by; then for each expert
    /// a difference, a choice, a sign and a comparison; two sums of votes, the majority's comparison and choice; two sums of masks,
    /// their comparison with 0 and choice; one selection and two selected sums; quotient and base. DARE: three differences, random
    /// numbers, comparisons, selections and quotients; two sums, lambda, the base. With what sums have to stay: three differences,
    /// random numbers, comparisons, selections and twice magnitudes; then three differences, masks as they were drawn,
    /// selections and products; two sums, lambda, the base. DELLA: for each expert a difference, its magnitude, probabilities by
    /// rank, random numbers, their comparison, a selection and a quotient; then signs are elected as in TIES.
    @Test(arguments: [
        ("task_arithmetic", 1, 7.0), ("ties", 2, 28), ("ties own", 2, 28), ("dare", 1, 19), ("dare l1", 2, 34),
        ("della", 1, 40),
    ])
    func eachElementTakesAsManyStepsAsTheFormulaNeeds(recipe: String, passes: Int, steps: Double) throws {
        let path =
            recipe == "ties own"
            ? Folders.recipes + "/../bench/own_ties.lua" : "\(Folders.recipes)/\(recipe.prefix { $0 != " " }).lua"
        var options = MergeMethods.models("ties", base: Self.zoo + "/base", experts: Self.experts)
        if recipe.hasSuffix("l1") { options["rescale"] = "l1" }
        let report = try report(path, options)
        let elements = 2_461_632.0
        let found = Double(report.elementSteps) / elements
        // Some for samples, and for places among equals, which are looked for in one tile more.
        #expect(found <= steps * 1.05 && found >= steps - 3, "\(recipe): \(found) steps")
        #expect(report.passes == passes && report.epochs == 1)
        // Every byte of the four models is read once, and samples of tensors that are too large to be gathered whole, here a
        // sixth of them, are read before.
        let bytes = 4 * 2 * elements
        #expect(Double(report.bytesRead) >= bytes && Double(report.bytesRead) <= 1.2 * bytes, "\(report.bytesRead)")
        #expect(report.histogramSearches == 0 && report.countedPlaces == 0)
    }
}
