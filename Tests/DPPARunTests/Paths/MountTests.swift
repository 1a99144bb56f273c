import Foundation
import Testing

/// Folders that cannot be exchanged with one beside them, such as the volumes of containers.
///
/// Mounting takes rights that not everybody has; without them these tests are skipped.
@Suite("Mount points", .enabled(if: Shell.canMount, "mounting is not allowed here"))
struct MountTests {
    private let ties = Folders.recipes + "/ties.lua"

    /// Runs a script in a folder where `out` is a mount point, in a name space of its own.
    private func mounted(_ script: String, _ prepare: String = "") throws -> CommandLineTests.Result {
        let scratch = try Scratch()
        return try Shell.run(
            """
            mkdir out; \(prepare)
            export dppa; unshare -m bash -c 'mount --bind out out; run="$dppa run \(ties) --quiet --out out"; \(script)'
            """, in: scratch)
    }

    @Test("An empty one is filled")
    func empty() throws {
        let result = try mounted(
            "$run; echo $?; ls -A out | grep dppa; ls -A; umount out; test -s out/model.safetensors && echo there")
        #expect(result.output == "0\nout\nthere\n", "\(result)")
    }

    @Test("One that holds a model is refused without force, and with force its contents are replaced")
    func force() throws {
        let result = try mounted(
            "$run; echo $?; $run --force; echo $?; ls -A out | grep -E \"^model|dppa|found\"; grep -cx old out/README.md; ls -A",
            "echo old | tee out/model-00001-of-00001.safetensors out/README.md; mkdir out/lost+found")
        #expect(result.output == "old\n73\n0\nlost+found\nmodel.safetensors\n0\nout\n", "\(result)")
    }

    @Test("What belongs to no model stays, and the run says so before its work")
    func foreign() throws {
        let result = try mounted("$run --force; echo $?; ls -A out", "echo mine > out/notes.txt")
        #expect(result.output == "73\nnotes.txt\n" && result.errors.contains("notes.txt"), "\(result)")
    }

    @Test("A run that fails leaves an empty one empty")
    func failed() throws {
        let result = try mounted("$run --set base=gone; echo $?; ls -A out; ls -A")
        #expect(result.output == "66\nout\n", "\(result)")
    }

    @Test("A folder whose parent may not be written is filled from inside, scores and all")
    func readOnlyParent() throws {
        let scratch = try Scratch()
        let result = try Shell.run(
            """
            mkdir -p parent/out; export dppa
            unshare -m bash -c 'mount --bind parent parent; mount --bind parent/out parent/out
              mount -o remount,bind,ro parent; touch parent/x 2>/dev/null && echo writable
              "$dppa" run \(Folders.recipes)/dppa_minimal.lua --quiet --out parent/out > /dev/null; echo $?
              ls -A parent parent/out'
            """, in: scratch)
        #expect(result.output.hasPrefix("0\nparent:\nout\n\nparent/out:\n.dppa.scores.jsonl\n"), "\(result)")
        #expect(
            result.output.contains("\nmodel.safetensors\n"), "\(result)")
    }

    @Test(
        "Contents that a killed run was replacing are completed by the next one, at whichever entry it was",
        arguments: 0...3)
    func completed(done: Int) throws {
        let new = ["config.json", "model.safetensors", "sub/model.safetensors"]
        let prepare =
            "mkdir -p out/lost+found out/sub out/.dppa-aaaaaaaa/sub; "
            + ["model.safetensors", "old-00001.safetensors", "sub/old.safetensors", "lost+found/x"].map {
                "echo old > out/\($0); "
            }.joined()
            + new.enumerated().map { "echo new > out/\($0 < done ? $1 : ".dppa-aaaaaaaa/" + $1); " }.joined()
            + (done == 3 ? "rmdir out/.dppa-aaaaaaaa/sub; " : "")
            + #"printf '%s\0' "$(hostname)" 1 .dppa-aaaaaaaa contents old-00001.safetensors > out/.dppa.lock"#
        let result = try mounted(
            "$run; echo $?; ls -A out; cat out/config.json out/*.safetensors out/sub/model*", prepare)
        #expect(
            result.output == "73\nconfig.json\nlost+found\nmodel.safetensors\nsub\nnew\nnew\nnew\n", "\(result)")
    }

    @Test("A report that finds no room leaves what was there")
    func full() throws {
        let scratch = try Scratch()
        let result = try Shell.run(
            """
            mkdir disk; export dppa; unshare -m bash -c 'mount -t tmpfs -o size=64k none disk; echo old > disk/x
              cat /dev/zero > disk/full 2>/dev/null
              "$dppa" plan \(ties) --json disk/x > /dev/null; echo $?; ls -A disk; cat disk/x'
            """, in: scratch)
        #expect(result.output == "74\nfull\nx\nold\n" && result.errors.contains("No space left"), "\(result)")
    }
}
