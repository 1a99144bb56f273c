import Foundation

/// The built program under a shell: with redirections, limits, and a folder to stand in.
enum Shell {
    /// The program that stands beside the test bundle.
    static let program =
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().path + "/dppa-run"

    /// Whether mounts can be made in a name space of one's own.
    static let canMount = (try? run("unshare -m mount --bind . .", in: "/tmp"))?.code == 0

    /// The same in a scratch folder, which lasts as long.
    static func run(_ script: String, _ words: [String] = [], in folder: Scratch) throws -> CommandLineTests.Result {
        defer { withExtendedLifetime(folder) {} }
        return try run(script, words, in: folder.path)
    }

    /// Runs bash in a folder, where `$dppa` is the program and further words are `$1`, `$2`, ….
    static func run(_ script: String, _ words: [String] = [], in folder: String) throws -> CommandLineTests.Result {
        let process = Process()
        let (output, errors) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.arguments = ["-c", "dppa='\(program)'; " + script, "bash"] + words
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let texts = [output, errors].map {
            String(decoding: $0.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        }
        process.waitUntilExit()
        return CommandLineTests.Result(code: process.terminationStatus, output: texts[0], errors: texts[1])
    }
}
