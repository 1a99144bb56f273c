import Foundation
import Testing

/// Two runs at one place, runs that were killed, and file systems that know no locks.
@Suite("Locks")
struct LockTests {
    /// A run that waits in its evaluator until the file `go` is there, for 40 s at most: a run that should have been refused
    /// would wait for ever.
    private func waiting(_ script: String) throws -> CommandLineTests.Result {
        let scratch = try Scratch()
        _ = try scratch.write(
            """
            local dppa = require "dppa.v1"
            local base = dppa.model "zoo/base"
            dppa.score({ base }, { "external:one" })
            return base
            """, "r.lua")
        return try Shell.run(
            """
            start() { exec "$dppa" run r.lua --models '\(Folders.recipes)' --quiet --out "$1" --evaluator \
              'trap "" TERM; echo $$ > pid; touch began; for i in $(seq 2000); do [ -e go ] && break; sleep 0.02; done; echo "{\\"one\\": 1}"; : {model}'; }
            began() { for i in $(seq 2000); do [ -e began ] && break; sleep 0.02; done; rm began; }
            \(script)
            """, in: scratch)
    }

    @Test("A second run to the same place is told at its start; one to another place is not")
    func second() throws {
        let result = try waiting(
            """
            start out & began; (start out); echo $?; (start out/); echo $?
            start other & began; touch go; wait; ls -d out other
            """)
        #expect(result.output == "73\n73\nother\nout\n", "\(result)")
        #expect(result.errors.contains("another run is writing to out (process"), "\(result)")
    }

    @Test("Candidates and folders of a killed run are removed by the next one")
    func killed() throws {
        let result = try waiting(
            """
            start out & began; kill -9 $!; wait; ls -Ad .out* dppa-candidate-* | wc -l; touch go
            (start out); echo $?; rm began pid go; ls -A
            """)
        #expect(result.output == "3\n0\ndppa-evaluator.log\nout\nout.scores.jsonl\nr.lua\n", "\(result)")
    }

    @Test("A second interrupt ends the program at once and leaves nothing half written", arguments: ["INT", "TERM"])
    func interrupted(signal: String) throws {
        let result = try waiting(
            """
            set -m; start out & began; kill -\(signal) $!; sleep 0.2; kill -\(signal) $!; wait $!; echo $?
            alive() { grep -qs '^State:.[RSD]' /proc/$(cat pid)/status; }
            for i in $(seq 100); do alive && sleep 0.05; done; alive && echo alive; rm pid; ls -A
            """)
        #expect(result.output == "130\ndppa-evaluator.log\nr.lua\n", "\(result)")
        #expect(result.errors.contains("stopped at once"), "\(result)")
    }

    /// A library that makes the file system one without locks.
    private static let withoutLocks = """
        echo 'int flock(int d, int o) { extern int *__errno_location(void); *__errno_location() = 38; return -1; }' > f.c
        { cc -shared -fPIC -o f.so f.c || clang -shared -fPIC -o f.so f.c; } 2>/dev/null; rm f.c; export LD_PRELOAD=$PWD/f.so
        """
    private static let canCompile =
        (try? Shell.run(withoutLocks + "; test -s f.so", in: Scratch()))?.code == 0

    @Test(
        "Where there are no locks a run works with a warning, and sees who is at work nevertheless",
        .enabled(if: canCompile, "there is no C compiler"))
    func works() throws {
        let result = try waiting(
            Self.withoutLocks + """

                start out & began; (start out); echo $?; kill -9 $!; wait; touch go
                (start out); echo $?; ls -A
                """)
        #expect(
            result.output.hasPrefix("73\n0\n") && !result.output.contains(".out")
                && !result.output.contains("dppa-candidate"), "\(result)")
        #expect(result.errors.contains("warning: ") && result.errors.contains("cannot be locked"), "\(result)")
        #expect(result.errors.contains("remove ") && result.errors.contains(".out.dppa.lock"), "\(result)")
    }
}
