import ArgumentParser
import DPPA
import DPPAScript
import Foundation

/// `dppa-run compare`: recipes on the same models, each with its best coefficient.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare recipes on the same models and tasks, each with its best coefficient.",
        usage: "dppa-run compare <recipes> ... --task <file> ... [<options>]",
        discussion: """
            What a recipe merges is scored at every coefficient c: base + c (merged - base). The best on --task is shown, with \
            its scores on --eval-task, which the search has not seen. kept is the geometric mean over tasks of score / best \
            score among the base and the experts. Recipes that draw at random are run once for each seed: scores are means, \
            ± the standard error over questions, with the smallest and the largest.

            Every recipe takes the --set options that it has. A recipe that searches for itself is given its own tasks by --set.

            Examples:
              dppa-run compare ties dare task_arithmetic --task search.jsonl \\
                --eval-task eval.jsonl --set base=zoo/base --set experts=a,b
              dppa-run compare ties mine.lua --task math.jsonl --seeds 1,2,3 \\
                --scores grid.jsonl --report grid.html
            """)

    @Argument(
        help: ArgumentHelp("Recipes: Lua files, or names of those that ship.", valueName: "recipe"),
        completion: RecipeLookup.completion)
    var recipes: [String]

    @Option(
        help: ArgumentHelp(
            "A task file on which coefficients are searched, a task that ships, or external:NAME; may be repeated.",
            valueName: "file"),
        completion: SampleTasks.completion)
    var task: [String]

    @Option(
        help: ArgumentHelp(
            "A task whose scores are shown; may be repeated. Without one those of --task are.", valueName: "file"),
        completion: SampleTasks.completion)
    var evalTask: [String] = []

    @Option(
        help: ArgumentHelp("The coefficients, such as 0.5,1,1.5; 1 is what the recipe gives.", valueName: "numbers"))
    var coefficients: String = "0.2,0.4,0.6,0.8,1,1.25,1.5,2,2.5,3"

    @Option(help: ArgumentHelp("The seeds of recipes that draw at random, such as 1,2,3.", valueName: "integers"))
    var seeds: String?

    @Option(
        help: ArgumentHelp(
            "Keep scores in a file, from which a comparison that was stopped goes on.", valueName: "file.jsonl"))
    var scores: String?

    @OptionGroup var settings: RecipeSettings

    @OptionGroup(title: "External scoring") var external: ExternalOptions

    @Flag(help: "Print nothing but the table, warnings and errors.")
    var quiet = false

    @Option(help: ArgumentHelp("Write every candidate's scores as JSON; - is standard output.", valueName: "file"))
    var json: String?

    @Option(help: ArgumentHelp("Write a page with the table and pictures.", valueName: "file.html"))
    var report: String?

    func run() throws {
        Interruption.listen()
        let progress = ProgressLine(isQuiet: quiet)
        var sources: [String: String] = [:]
        do {
            progress.setLimit(try settings.time.limit())
            let files = try ReportFiles(json: json.map(OutputOption.file), report: report.map(OutputOption.file))
            let request = try request(files)
            let work = RecipeComparison(
                request, observer: progress, isInterrupted: { Interruption.isRequested })
            defer { sources = work.sources }
            let comparison = try work.run()
            progress.finish()
            external.removeOwnFolder(isDone: true)
            let table = MethodTable(comparison)
            if let json = files.json { try JSONFile.write(table.json, to: json) }
            if let report = files.report { try report.write(MethodReport(comparison).html.utf8) }
            Console.table(table.lines)
            for note in table.notes { Console.output(note) }
            try requireAll(comparison)
        } catch {
            external.removeOwnFolder(isDone: false)
            progress.finish()
            throw Console.fail(error, sources: sources)
        }
    }

    private func request(_ files: ReportFiles) throws -> RecipeComparison.Request {
        var outputs = files.outputs
        if let scores { try outputs.add(WrittenFile(scores), as: "--scores") }
        let (searched, shown) = (try task.map(ScoredTask.init(given:)), try evalTask.map(ScoredTask.init(given:)))
        for input in recipes + (searched + shown).flatMap(\.files) { try outputs.requireApart(from: input) }
        var run = try settings.request(out: "unused")
        run.outputs = outputs
        run.journal = ScoreJournal(path: scores)
        run.evaluator = try external.evaluatorWithoutOutput()
        let seeds = try seeds.map { try Self.list($0, "--seeds", "an integer") { Int($0) } } ?? []
        if !seeds.isEmpty, run.options["seed"] != nil {
            throw DPPAError(.usage, "the seed is given twice, by --seeds and by --set seed=…")
        }
        let coefficients = try Self.list(coefficients, "--coefficients", "a number") { word in
            Double(word).flatMap { $0.isFinite ? $0 : nil }
        }
        return RecipeComparison.Request(
            recipes: try paths(), run: run, coefficients: coefficients, seeds: seeds,
            searched: searched, shown: shown)
    }

    /// The recipes with their files; each once.
    private func paths() throws -> [(name: String, path: String)] {
        let labels = InputPath.labels(recipes)
        if let twice = recipes.first(where: { name in recipes.count { $0 == name } > 1 }) {
            throw DPPAError(.usage, "the recipe \(twice) is named twice")
        }
        return try zip(labels, recipes).map { (name: $0, path: try RecipeLookup.path($1)) }
    }

    /// The numbers of an option, between commas; none of them twice.
    private static func list<Number: Hashable>(
        _ text: String, _ option: String, _ kind: String, _ read: (String) -> Number?
    ) throws -> [Number] {
        let numbers = try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
            guard let number = read(word.filter { $0 != " " }) else {
                throw DPPAError(.usage, "\(option) \(text): '\(word)' is not \(kind)")
            }
            return number
        }
        guard Set(numbers).count == numbers.count else {
            throw DPPAError(.usage, "\(option) \(text): a number stands there twice")
        }
        return numbers
    }

    /// Ends the program with an error when a recipe has failed, after all is shown and written.
    private func requireAll(_ comparison: MethodComparison) throws {
        let failed = comparison.entries.filter { $0.failure != nil }
        guard !failed.isEmpty else { return }
        throw DPPAError(
            .data, "\(failed.count) of \(Phrase.counted(comparison.entries.count, "recipe")) failed",
            notes: failed.map { "\($0.name): \($0.failure ?? "")" })
    }
}
