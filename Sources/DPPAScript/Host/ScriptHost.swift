internal import CLua
import DPPA
import Foundation
import Synchronization

/// What a recipe may use up.
package struct ScriptLimits: Sendable {
    /// Bytes of all Lua values.
    package var memory = 64 << 20
    package var instructions: UInt64 = 50_000_000
    /// Seconds of Lua time; the engine's does not count.
    package var seconds = 2.0
    /// Bytes of one file.
    package var fileSize = 64 << 10
    /// How many files of its own a recipe may have, itself included.
    package var fileCount = 32
    /// For tests: the first allocation that is refused, from 1, as all later ones are.
    package var failAtAllocation: UInt64 = 0
    /// For tests: only that one is refused, so that Lua collects its garbage and asks again.
    package var failsOnce = false

    package init() {}
}

/// Runs recipes: strangers' programs, on a thread of their own, with nothing but what they are given.
package final class ScriptHost {
    /// The host's functions by group of the host table.
    package struct Names {
        package var groups: [(group: String, functions: [String: Function])]
        /// Object types by name, with their classes.
        package var types: [(name: String, isInstance: (any ScriptObject) -> Bool)]

        package init(
            groups: [(group: String, functions: [String: Function])],
            types: [(name: String, isInstance: (any ScriptObject) -> Bool)]
        ) {
            self.groups = groups
            self.types = types
        }
    }

    /// The release of the Lua library, such as "Lua 5.4.4".
    package static var luaVersion: String { String(String(cString: clua_release()).dropFirst(4)) }

    private let limits: ScriptLimits
    private let names: Names
    private let trusted: [String: String]
    private let context: AnyObject
    private let isInterrupted: @Sendable () -> Bool
    private let print: @Sendable (String) -> Void
    /// The recipe files that have been read, and the shipped modules.
    package let texts = SourceTexts()

    /// The texts of the recipe files that have been read.
    package var sources: [String: String] { texts.texts }

    /// A host; `trusted` holds the Lua sources "sandbox", "prelude" and those of the library's modules.
    package init(
        limits: ScriptLimits, names: Names, trusted: [String: String], context: AnyObject,
        isInterrupted: @escaping @Sendable () -> Bool = { false },
        print: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.limits = limits
        self.names = names
        self.trusted = trusted
        self.context = context
        self.isInterrupted = isInterrupted
        self.print = print
    }

    /// Runs a recipe file and gives what it returns.
    ///
    /// Throws what a function of the host has thrown, at its place in the recipe; `data` for Lua's own errors; `limit` when a
    /// cap is reached; `missingInput` when the file is not there.
    package func run(recipe path: String) throws -> [ScriptValue] {
        let files = RecipeFiles(recipe: path, limits: limits, texts: texts, library: trusted)
        _ = try files.read(path, name: path)
        // Carried over to the thread and back; this thread only waits.
        final class Box: @unchecked Sendable {
            var result: Result<[ScriptValue], any Error> = .success([])
            /// The address of the session while it is open: closing it waits for an interrupt that is under way.
            let session = Mutex<UInt>(0)
            var body: (Box) -> Void = { _ in }
        }
        let box = Box()
        box.body = { [self] box in
            box.result = Result {
                try runOnThread(files) { session in box.session.withLock { $0 = UInt(bitPattern: session) } }
            }
        }
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            box.body(box)
            done.signal()
        }
        // Debian's Lua 5.4.4 overflows 8 MiB on a long chain of fields.
        thread.stackSize = 16 << 20
        thread.start()
        while done.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
            guard isInterrupted() else { continue }
            box.session.withLock { if let session = OpaquePointer(bitPattern: $0) { clua_interrupt(session) } }
        }
        return try box.result.get()
    }

    /// Runs a text as if it were a recipe file of that name.
    package func run(text: String, named name: String) throws -> [ScriptValue] {
        texts.add(name, text)
        return try run(recipe: name)
    }

    private func runOnThread(_ files: RecipeFiles, opened: (OpaquePointer?) -> Void) throws -> [ScriptValue] {
        let bridge = HostBridge(context: context, texts: texts, names: names)
        bridge.add("inner", RecipeFiles.functions(files, print: print))
        var raw = clua_limits(
            memory: limits.memory, instructions: limits.instructions, seconds: limits.seconds,
            fail_at_allocation: limits.failAtAllocation, fails_once: limits.failsOnce)
        var host = bridge.raw
        guard let session = clua_open(&raw, &host) else { throw ScriptHost.outOfMemory(limits) }
        opened(session)
        defer {
            opened(nil)
            clua_close(session)
        }
        guard bridge.register(session) else { throw ScriptHost.outOfMemory(limits) }
        let code = trusted["sandbox"] ?? ""
        let status = code.withCString { clua_run(session, $0, code.utf8.count, "=sandbox") }
        guard status == CLUA_OK else { throw failure(status, session, bridge, files.outside) }
        var count = 0
        guard let results = clua_results(session, &count) else { return [] }
        return (0..<count).map { bridge.reader.value(results[$0]) }
    }

    private static func outOfMemory(_ limits: ScriptLimits) -> DPPAError {
        DPPAError(.limit, "the recipe used more than \(limits.memory >> 20) MiB of Lua memory")
    }

    private func failure(
        _ status: clua_status, _ session: OpaquePointer, _ bridge: HostBridge,
        _ outside: String?
    ) -> DPPAError {
        let raw = clua_last_failure(session).pointee
        let location = raw.file.map { DPPAError.Location(file: String(cString: $0), line: Int(raw.line)) }
        var error: DPPAError
        switch status {
        case CLUA_HOST_ERROR:
            error =
                bridge.failure as? DPPAError
                ?? DPPAError(.internalFault, "\(bridge.failure.map { "\($0)" } ?? "unknown")")
        case CLUA_MEMORY_LIMIT: error = ScriptHost.outOfMemory(limits)
        case CLUA_INSTRUCTION_LIMIT:
            error = DPPAError(
                .limit, "the recipe ran more than \(limits.instructions) Lua instructions",
                notes: ["a recipe builds formulas and never loops over weights; look for a loop that does not end"])
        case CLUA_TIME_LIMIT:
            error = DPPAError(.limit, "the recipe ran for more than \(limits.seconds) s of Lua time")
        case CLUA_INTERRUPTED: error = DPPAError(.interrupted, "stopped; nothing was written")
        default:
            let message = raw.message.map { String(cString: $0) } ?? "unknown error"
            error = files(message)
            if let outside, message.contains("a nil value") {
                error.notes.append("\(outside) is in no layer, so its layer and depth are nil")
                error.notes.append(
                    "write `t.depth or 0`, test with `if t.layer then`, or take the blocks alone: x:linears()")
            }
        }
        error.message = ScriptHost.clipped(error.message)
        error.notes = error.notes.map(ScriptHost.clipped)
        if error.location == nil { error.location = location }
        if let place = error.location, place.column == 0, let word = quoted(error.message) {
            if let found = texts.find(word, from: place), found.line == place.line { error.location = found }
        }
        return error
    }

    /// Lua's own message as an error: one of the syntax carries its place in the text.
    private func files(_ message: String) -> DPPAError {
        for file in texts.texts.keys {
            // Lua shortens long names from the front.
            let short = file.utf8.count < 60 ? file : "..." + String(decoding: file.utf8.suffix(56), as: UTF8.self)
            guard let shown = [short, file].first(where: { message.hasPrefix($0 + ":") }) else { continue }
            let rest = message.dropFirst(shown.count + 1)
            let digits = rest.prefix { $0.isNumber }
            guard let line = Int(digits), rest.dropFirst(digits.count).hasPrefix(": ") else { continue }
            return DPPAError(
                .data, String(rest.dropFirst(digits.count + 2)), location: DPPAError.Location(file: file, line: line))
        }
        let parts = message.components(separatedBy: "\nnote: ")
        return DPPAError(.data, parts[0], notes: Array(parts.dropFirst()))
    }

    /// A text of the recipe's own making can be a megabyte long.
    private static func clipped(_ text: String) -> String {
        text.utf8.count <= 4096 ? text : String(text.prefix(1000)) + "…"
    }

    /// The first quoted word of a message, which the caret goes under.
    private func quoted(_ message: String) -> String? {
        let parts = message.split(separator: "'", omittingEmptySubsequences: false)
        return parts.count > 2 && !parts[1].isEmpty && parts[1].count < 64 ? String(parts[1]) : nil
    }
}
