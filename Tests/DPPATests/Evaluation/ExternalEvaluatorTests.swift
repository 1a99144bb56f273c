import DPPA
import Foundation
import SystemPackage
import Testing

/// A command of the user's is run safely, and ends when it should.
@Suite("External evaluator")
struct ExternalEvaluatorTests: EvaluatorRuns {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    @Test("A directory is one word for the shell, whatever quotes it stands in, and never a command")
    func quoting() async throws {
        let out = folder.path + "/out"
        let touched = folder.path + "/touched"
        let directory =
            "/it's a \"model\" $(touch \(touched)) `touch \(touched)`; touch \(touched) #\\ * é\n' \" {tasks}"
        let templates: [(String, String?)] = [
            ("{model}", directory), ("\"{model}\"", directory), ("'{model}'", directory),
            ("pretrained={model},x", "pretrained=" + directory + ",x"),
            ("\"it's \\\"{model}\"", "it's \"" + directory), ("\\'{model}\\\"", "'" + directory + "\""),
            ("'\"{model}'", "\"" + directory), ("\"$(printf %s \"{model}\")\"", nil), ("\"`printf %s {model}`\"", nil),
        ]
        for (template, expected) in templates {
            let command = "printf %s \(template) > '\(out)'; echo '{\"a\": 1}'"
            #expect(try await score(command, directory: directory)[0].value == 1, "\(template)")
            if let expected { #expect(try folder.text("out") == expected, "\(template)") }
            #expect(try !folder.entries().contains("touched"), "\(template)")
        }
    }

    @Test("A directory is appended where none is named; tasks are joined; both are in the environment")
    func placeholders() async throws {
        let script = try folder.write(
            "printf '%s|' \"$@\" \"$DPPA_MODEL\" \"$DPPA_TASKS\" > '\(folder.path)/out'\n"
                + "echo '{\"a\": 1, \"b c\": 2}'\n", "script")
        _ = try await score("sh '\(script)' --tasks {tasks}\n", ["a", "b c"], directory: "/x y")
        #expect(try folder.text("out") == "--tasks|a,b c|/x y|/x y|a,b c|")
        #expect(evaluator("sh {model}").fingerprint == "sh {model}")
    }

    @Test("A command that fails says how, with the end of its standard error")
    func failures() async throws {
        await expectFailure(
            .data, ["no-such-evaluator", "exit status 127", "not found", log], of: "no-such-evaluator {model}")
        let file = try folder.write("x", "file")
        await expectFailure(.data, ["exit status 126", "cannot be executed"], of: "'\(file)' {model}")
        await expectFailure(.data, ["exit status 3", "wrote nothing to standard error"], of: "exit 3; {model}")
        await expectFailure(.data, ["was ended by signal 9 (Killed)"], of: "kill -9 $$; : {model}")
        await expectFailure(.data, ["exit status 137: 128 + signal 9"], of: "sh -c 'kill -9 $$'; exit $?; {model}")
        do {
            _ = try await score("seq 11 40 >&2; printf '\\033[31mred\\rbar' >&2; echo '{\"a\": 1}'; exit 1; {model}")
            Issue.record("a failed command gave a score")
        } catch let error as DPPAError {
            #expect(error.message.contains("exit status 1") && !error.message.contains("\n"))
            let quoted = (23...40).map { "\n  \($0)" }.joined() + "\n  [31mred\n  bar"
            #expect(error.notes[0] == "the end of its standard error:" + quoted)
        }
    }

    @Test("All output is kept in the log, run after run, under the command")
    func logs() async throws {
        _ = try await score("echo hint >&2; echo '{\"a\": 1}'; : {model}", directory: "/one")
        _ = try await score("printf %s '{\"a\": 2}'; : {model}", directory: "/two")
        let text = try folder.text("dppa-evaluator.log")
        let first = try #require(text.range(of: "== evaluator: echo hint"))
        let second = try #require(text.range(of: "== evaluator: printf"))
        #expect(first.lowerBound < second.lowerBound)
        for part in ["\nhint\n", "{\"a\": 1}\n", "{\"a\": 2}", "== model: /two\n", "== tasks: a\n"] {
            #expect(text.contains(part), "\(part)")
        }
    }

    @Test("A log that cannot be written is an error before the command runs")
    func noLog() throws {
        let lost = ExternalEvaluator(command: "true", scratch: folder.path + "/gone", timeout: .seconds(1))
        expectError(.cannotCreate, ["/gone/dppa-evaluator.log"]) { _ = try lost.score(directory: "/", tasks: []) {} }
    }

    @Test("More than 16 MiB of output end the command; the log holds no more", arguments: ["yes", "yes >&2"])
    func tooMuch(command: String) async throws {
        await expectFailure(.data, ["printed more than 16 MiB", log], of: "\(command); : {model}")
        await expectFailure(.data, ["printed more than 16 MiB"], of: "head -c 16777217 /dev/zero; : {model}")
        let size = try #require(FileManager.default.attributesOfItem(atPath: log)[.size] as? Int)
        #expect(size > 2 << 24 && size < 2 << 24 + 1000)
    }

    @Test("Nothing is on the standard input, and both outputs are read at once")
    func streams() async throws {
        let zeros = "head -c 1000000 /dev/zero"
        #expect(try await score("cat; \(zeros) >&2; \(zeros); echo; echo '{\"a\": 1}'; : {model}")[0].value == 1)
    }

    @Test("The command's end counts, not that of a child that holds its output")
    func backgroundChild() async throws {
        let command = "sleep 60 & echo $! > '\(folder.path)/pid'; echo '{\"a\": 1}'; : {model}"
        #expect(try await score(command)[0].value == 1)
        #expect(try isRunning("pid"))
        kill(try #require(try processNumber("pid")), SIGKILL)
    }

    @Test("Too long a command is ended with its children, even when it has closed its outputs")
    func timeouts() async throws {
        let waiting = "sleep 60 & echo $! > '\(folder.path)/pid'; wait; : {model}"
        await expectFailure(
            .limit, ["did not end within 0.3 s", "sleep 60", log], of: waiting, timeout: .milliseconds(300))
        #expect(try !isRunning("pid"))
        let silent = "echo $$ > '\(folder.path)/silent'; exec >&- 2>&-; sleep 60; : {model}"
        await expectFailure(.limit, ["did not end within 0.2 s"], of: silent, timeout: .milliseconds(200))
        #expect(try !isRunning("silent"))
    }

    @Test("A child that ends in good order is given the time for it, though its parent has ended")
    func goodOrder() async throws {
        struct Stop: Error {}
        let pid = folder.path + "/pid"
        try folder.write(
            "trap 'sleep 0.3; echo bye > \(folder.path)/bye; exit' TERM; echo $$ > '\(pid).new'; "
                + "mv '\(pid).new' '\(pid)'; while :; do sleep 0.02; done", "child")
        let stopped = await outcome("sh '\(folder.path)/child' & wait; : {model}") {
            if FileManager.default.fileExists(atPath: pid) { throw Stop() }
        }
        #expect(throws: Stop.self) { try stopped.get() }
        #expect(try folder.text("bye") == "bye\n" && !isRunning("pid"))
    }

    @Test("What the check throws is thrown again when the command and its children have ended")
    func interruption() async throws {
        struct Stop: Error {}
        let pid = folder.path + "/pid"
        let command = "sleep 60 & echo $! > '\(pid).new'; mv '\(pid).new' '\(pid)'; wait; : {model}"
        let interrupted = await outcome(command) { if FileManager.default.fileExists(atPath: pid) { throw Stop() } }
        #expect(throws: Stop.self) { try interrupted.get() }
        #expect(try !isRunning("pid"))
        let early = await outcome("true") { throw Stop() }
        #expect(throws: Stop.self) { try early.get() }
    }

    @Test("Many callers at once")
    func manyCallers() async throws {
        let command = "sleep 0.1; echo '{\"a\": 1}'; : {model}"
        try await withThrowingTaskGroup(of: Double.self) { group in
            for _ in 0..<16 { group.addTask { try await score(command)[0].value } }
            for try await value in group { #expect(value == 1) }
        }
    }

    @Test("Each candidate has a directory of its own, which goes away with it")
    func candidates() throws {
        let evaluator = evaluator("true")
        let directories = try [evaluator.makeCandidateDirectory(), evaluator.makeCandidateDirectory()]
        #expect(directories[0].path != directories[1].path)
        for directory in directories {
            #expect(directory.path.hasPrefix(folder.path + "/dppa-candidate-"))
            try Data([1]).write(to: URL(fileURLWithPath: directory.path + "/config.json"))
            try directory.remove()
        }
        #expect(try folder.entries().isEmpty)
        expectError(.inputOutput, ["cannot remove"]) { try directories[0].remove() }
        let lost = ExternalEvaluator(command: "true", scratch: folder.path + "/gone", timeout: .seconds(1))
        expectError(.cannotCreate, ["/gone"]) { _ = try lost.makeCandidateDirectory() }
    }

    @Test("Candidates of killed runs are removed by the next run, and those of living ones are not")
    func leftovers() throws {
        let evaluator = evaluator("true")
        let living = try evaluator.makeCandidateDirectory()
        try folder.write("half", "dppa-candidate-12345678/model.safetensors")
        try folder.write("mine", "candidates/model.safetensors")
        try evaluator.prepareScratch()
        #expect(try folder.entries() == ["candidates", FilePath(living.path).name])
        try living.remove()
        #expect(try folder.entries() == ["candidates"])
    }

    @Test("The scratch folder is made, or refused with the reason")
    func scratch() throws {
        func prepare(_ name: String) throws {
            try ExternalEvaluator(command: "true", scratch: folder.path + name, timeout: .seconds(1)).prepareScratch()
        }
        try prepare("/a/b/c")
        #expect(try folder.entries("a/b") == ["c"] && folder.entries("a/b/c").isEmpty)
        try prepare("/a/b/c/")
        try folder.write("x", "file")
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/lost", withDestinationPath: "gone")
        expectError(.cannotCreate, ["/file", "no folder"]) { try prepare("/file") }
        expectError(.cannotCreate, ["/file/x", "no folder but a file"]) { try prepare("/file/x") }
        expectError(.cannotCreate, ["/lost"]) { try prepare("/lost") }
        #expect(try folder.entries() == ["a", "file", "lost"])
    }
}
