import DPPA
import DPPAScript

/// A command's work on a recipe: what the person asks for, the line of progress, Control-C, and errors shown with the
/// recipe's lines.
struct RecipeWork {
    /// The recipe's file.
    let path: String
    let recipe: RecipeRun
    let progress: ProgressLine
    var request: RecipeRun.Request

    /// Does the work of a command, and ends the program with an error's text and exit code when it fails.
    static func perform(
        _ arguments: RecipeArguments, out: String = "unused", isQuiet: Bool = true,
        _ body: (inout RecipeWork) throws -> Void
    ) throws {
        try perform(
            arguments.recipe, { try arguments.request(out: out) }, time: arguments.time, isQuiet: isQuiet, body)
    }

    /// The same for a recipe and a request of other origin.
    static func perform(
        _ given: String, _ request: () throws -> RecipeRun.Request, time: TimeOptions, isQuiet: Bool,
        _ body: (inout RecipeWork) throws -> Void
    ) throws {
        Interruption.listen()
        let progress = ProgressLine(isQuiet: isQuiet)
        var sources: [String: String] = [:]
        do {
            let path = try RecipeLookup.path(given)
            let recipe = RecipeRun(path)
            defer { sources = recipe.sources }
            var work = RecipeWork(
                path: path, recipe: recipe, progress: progress, request: try request())
            progress.setLimit(try time.limit())
            try body(&work)
            progress.finish()
        } catch {
            progress.finish()
            throw Console.fail(RunRanks.joined.fail(error), sources: sources)
        }
    }

    /// What the recipe builds, with what it looks at on the way; nothing is kept.
    func trace() throws -> RecipeTrace {
        var request = request
        request.journal = ScoreJournal(path: nil)
        return try recipe.trace(
            request, observer: progress, isInterrupted: { Interruption.isRequested }, print: print)
    }

    /// What a run of the recipe would do, as far as can be known without reading weights.
    func plan(ranks: Int = 1) throws -> RecipePlan {
        let trace = try recipe.trace(request, isDry: true, isInterrupted: { Interruption.isRequested })
        return try RecipePlan(trace, dtype: request.dtype, ranks: ranks)
    }

    /// Runs the recipe and writes what it gives.
    func run() throws -> RecipeOutcome {
        try recipe.run(request, observer: progress, isInterrupted: { Interruption.isRequested }, print: print)
    }

    /// Takes part in a run that another process leads.
    func join() throws {
        try recipe.join(request, observer: progress, isInterrupted: { Interruption.isRequested })
    }

    /// Where the recipe's own `print` goes.
    private var print: @Sendable (String) -> Void {
        { [progress] text in
            progress.finish()
            Console.printed(text)
        }
    }
}
