import DPPA
import Foundation
import Synchronization
import SystemPackage

extension RunRecord {
    /// What a traced recipe has to tell, with the values that its engine has computed by now.
    init(
        _ trace: RecipeTrace, outputs: [Output] = [], written: [String] = [], dtype: DType?,
        start: RunStart
    ) throws {
        let session = trace.session
        var recipe = Recipe(name: trace.name, text: trace.text, modules: trace.modules, library: trace.library)
        recipe.libraryDigests = LibraryTexts.digests(of: trace.library)
        self.init(
            recipe: recipe,
            options: session.options.taken.map {
                Option(name: $0.name, given: $0.given, value: Option.Value($0.value))
            },
            models: session.describeModels(), outputs: outputs, written: written, dtype: dtype,
            named: try session.named.map { try NamedValue($0, session.engine) } + outputs.flatMap(\.adapterValues),
            tables: session.tables,
            scores: session.scores, printed: trace.printed.texts,
            warnings: try trace.lateWarnings() + outputs.flatMap(\.warnings) + outputs.compactMap(\.roundingWarning),
            engine: session.engine.report, command: start.command, date: start.date, seconds: start.seconds)
        let read = try session.engine.inputDigests()
        for index in models.indices { models[index].tensorDigests = read[models[index].label] ?? [] }
        (tasks, sharing) = (session.taskDigests, session.sharing)
    }
}

/// When a run began and by what command, and how long it has taken.
package struct RunStart {
    let command: [String]
    let date = Date()
    private let instant = ContinuousClock.now

    package init(command: [String] = []) { self.command = command }

    /// The seconds since then.
    var seconds: Double { (ContinuousClock.now - instant) / .seconds(1) }
}

/// What a recipe prints, kept while it runs on its own thread.
package final class PrintedTexts: Sendable {
    private let kept = Mutex<[String]>([])

    /// At most so many are kept, so that a recipe cannot fill the card.
    private static let limit = 1000

    var texts: [String] { kept.withLock { $0 } }

    func add(_ text: String) {
        kept.withLock { if $0.count < Self.limit { $0.append(text) } }
    }
}

extension RunRecord.Option.Value {
    /// An option's value as Lua has it.
    init(_ value: ScriptValue) {
        self =
            switch value {
            case .string(let text): .text(text)
            case .table(let table): .list(table.array.map { Self($0) })
            case .integer(let number): .integer(number)
            case .number(let number): .number(number)
            case .bool(let flag): .flag(flag)
            case .object(is any SpreadObject): .text(value.shown)
            case .null, .object, .function: .nothing
            }
    }
}
