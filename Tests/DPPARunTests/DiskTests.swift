import DPPA
import Foundation
import Testing

/// The built program when it is stopped, killed, raced, or has no room: the target is whole and old, or whole and new.
@Suite struct DiskTests {
    private let ties = Folders.recipes + "/ties.lua"

    /// Starts the program without waiting for it.
    private func start(_ arguments: [String]) throws -> Process {
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let process = Process()
        process.executableURL = URL(
            fileURLWithPath: NSString(string: bundle).deletingLastPathComponent + "/dppa-run")
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    private func entries(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    /// What a run without mishaps writes, by file.
    private func contents(_ directory: String) throws -> [String: String] {
        var all: [String: String] = [:]
        for name in try entries(directory) {
            all[name] = sha256(Array(try Data(contentsOf: URL(fileURLWithPath: directory + "/" + name))))
        }
        return all
    }

    @Test func killedAtAnyTimeTheTargetIsOldOrNewAndTheNextRunCleansUp() throws {
        let scratch = try Scratch()
        let out = scratch.path + "/out"
        let arguments = ["run", ties, "--out", out, "--force", "--quiet"]
        #expect(try CommandLineTests().dppaRun(arguments).code == 0)
        let new = try contents(out)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<50 {
            _ = try scratch.write("precious", "out/old.safetensors")
            let old = try contents(out)
            let process = try start(arguments)
            // A run takes about a fifth of a second.
            usleep(UInt32.random(in: 0..<250_000, using: &generator))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            let found = try contents(out)
            #expect(found == old || found == new)
        }
        #expect(try CommandLineTests().dppaRun(arguments).code == 0)
        #expect(try contents(out) == new)
        let left = try entries(scratch.path)
        #expect(left == ["out"])
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func askedToStopARunLeavesTheTargetAndWhatItCanGoOnFrom(signal: Int32) throws {
        let scratch = try Scratch()
        let out = scratch.path + "/out"
        _ = try scratch.write("precious", "out/old.safetensors")
        let old = try contents(out)
        var stopped = 0
        for delay in stride(from: UInt32(20_000), to: 400_000, by: 40_000) {
            let process = try start(["run", Folders.recipes + "/dppa.lua", "--out", out, "--force", "--quiet"])
            usleep(delay)
            kill(process.processIdentifier, signal)
            process.waitUntilExit()
            // Before the program listens, a signal ends it as any other program.
            if process.terminationReason == .exit {
                #expect(process.terminationStatus == 130)
                stopped += 1
            }
            #expect(try contents(out) == old)
            let left = try entries(scratch.path).filter { $0 != "out" && $0 != "out.scores.jsonl" }
            #expect(left.isEmpty || left.contains { $0.hasSuffix(".journal") }, "\(left)")
        }
        #expect(stopped > 0)
    }

    @Test func ofTwoRunsIntoOneTargetOneWinsAndTheOtherSaysSo() throws {
        for _ in 0..<5 {
            let scratch = try Scratch()
            let arguments = ["run", ties, "--out", scratch.path + "/out", "--quiet"]
            let runs = [try start(arguments), try start(arguments)]
            for run in runs { run.waitUntilExit() }
            #expect(runs.map(\.terminationStatus).sorted() == [0, 73])
            #expect(try entries(scratch.path) == ["out"])
        }
    }

    @Test func aLimitOnTheSizeOfFilesIsAnErrorAndNotTheEnd() throws {
        let scratch = try Scratch()
        _ = try scratch.write("precious", "out/old.safetensors")
        let shell = Process()
        let errors = Pipe()
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = NSString(string: bundle).deletingLastPathComponent + "/dppa-run"
        shell.executableURL = URL(fileURLWithPath: "/bin/bash")
        shell.arguments = [
            "-c", "ulimit -f 100; exec '\(program)' run '\(ties)' --out '\(scratch.path)/out' --force --quiet",
        ]
        shell.standardError = errors
        try shell.run()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        shell.waitUntilExit()
        #expect(shell.terminationReason == .exit && [73, 74].contains(shell.terminationStatus), "\(text)")
        #expect(text.contains("model.safetensors"))
        #expect(try entries(scratch.path) == ["out"] && entries(scratch.path + "/out") == ["old.safetensors"])
    }

    @Test func aFullDiskIsToldBeforeTheWork() throws {
        let scratch = try Scratch()
        let disk = scratch.path + "/disk"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        // Mounting takes rights that not everybody has.
        guard shell("mount -t tmpfs -o size=1m none '\(disk)'") == 0 else { return }
        defer { _ = shell("umount -l '\(disk)'") }
        let result = try CommandLineTests().dppaRun(["run", ties, "--out", disk + "/out", "--quiet"])
        #expect(result.code == 73 && result.errors.contains("No space left"), "\(result.errors)")
        #expect(try entries(disk).isEmpty)
        // The target on another file system than the inputs, with room.
        _ = shell("mount -o remount,size=20m '\(disk)'")
        #expect(try CommandLineTests().dppaRun(["run", ties, "--out", disk + "/out", "--quiet"]).code == 0)
        #expect(try entries(disk) == ["out"])
    }

    @Test func aFolderThatMayNotBeWrittenIsToldBeforeTheWork() throws {
        let scratch = try Scratch()
        let folder = scratch.path + "/readonly"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        chmod(folder, 0o555)
        chmod(scratch.path, 0o755)
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = NSString(string: bundle).deletingLastPathComponent + "/dppa-run"
        // The superuser may write anywhere, so somebody else has to try, who may not be able to read the checkout.
        let user = getuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups " : ""
        guard shell(user + "'\(program)' check '\(ties)' >/dev/null") == 0 else { return }
        #expect(shell(user + "'\(program)' run '\(ties)' --out '\(folder)/out' --quiet") == 73)
        #expect(try entries(folder).isEmpty)
    }

    private func shell(_ command: String) -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", command + " 2>/dev/null"]
        guard (try? process.run()) != nil else { return -1 }
        process.waitUntilExit()
        return process.terminationStatus
    }
}
