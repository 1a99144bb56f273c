import DPPA
import Foundation
import Testing

/// The library for this machine's MPI, built once.
enum MPI {
    static let folder: Scratch? = {
        guard let scratch = try? Scratch() else { return nil }
        let source = Folders.project + "/Sources/CMPI/ranks.c"
        let script = "mpicc -O2 -shared -fPIC -o libdppa-mpi.so '\(source)' && command -v mpirun"
        return (try? Shell.run(script, in: scratch.path))?.code == 0 ? scratch : nil
    }()

    /// What comes before the program: `count` processes, which may be root's, and more than there are processors.
    static func run(_ count: Int, _ options: String = "") -> String {
        """
        export DPPA_MPI='\(folder?.path ?? "")/libdppa-mpi.so' OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
        export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
        timeout -k 5 300 mpirun \(options) -n \(count) \"$dppa\"
        """
    }
}

/// The program under mpirun, with as many processes as a test wants on however few processors.
///
/// Needs OpenMPI with its compiler: on Debian libopenmpi-dev and openmpi-bin.
@Suite("MPI", .enabled(if: MPI.folder != nil, "mpicc or mpirun is missing: libopenmpi-dev and openmpi-bin have them"))
struct MPITests {
    @Test("Bytes of shipped recipes, and what is said once", arguments: ["ties", "dare", "dppa", "iso_c"])
    func bytes(recipe: String) throws {
        let scratch = try Scratch()
        let options = recipe == "dppa" ? "--set budget=4" : ""
        func written(_ count: Int) throws -> [String] {
            let command = count == 1 ? "\"$dppa\"" : MPI.run(count)
            let result = try Shell.run(
                command + " run \(recipe) --out out --force --fresh --threads 1 \(options)", in: scratch.path)
            #expect(result.code == 0, "\(result)")
            #expect(result.errors.components(separatedBy: "wrote out").count == 2, "\(result)")
            // The card of a search says how long scoring has taken.
            let files = try Shell.run(
                "cd out && find . -type f ! -path \(recipe == "dppa" ? "./README.md" : "''") | sort | xargs sha256sum",
                in: scratch.path)
            return files.output.split(separator: "\n").map(String.init)
        }
        let expected = try written(1)
        #expect(expected.count > 3)
        for count in [2, 3, 5] { #expect(try written(count) == expected, "\(count) ranks") }
    }

    @Test(
        "A rank that is killed ends the run; the same command, with another number of ranks, goes on from what is there"
    )
    func kills() throws {
        let run = try LayeredRun()
        #expect(try run.run("--shard-size 4K").code == 0)
        let expected = try run.contents()
        for rank in 0..<3 {
            for _ in 0..<2 {
                run.remove()
                let milliseconds = Int.random(in: 50...600)
                let script =
                    MPI.run(3) + """
                         run r.lua --out out --shard-size 4K >/dev/null 2>&1 &
                        sleep 0.\(String(milliseconds + 1000).dropFirst())
                        for p in $(pgrep -f 'dppa-run run r.lua --out out'); do
                          tr '\\0' '\\n' < /proc/$p/environ | grep -qx OMPI_COMM_WORLD_RANK=\(rank) &&
                            [ $(readlink /proc/$p/cwd) = $PWD ] && kill -9 $p
                        done 2>/dev/null
                        wait
                        """
                _ = try Shell.run(script, in: run.path)
                let found = try run.contents()
                #expect(found.isEmpty || found == expected)
                if !found.isEmpty { run.remove() }
                let again = try Shell.run(MPI.run(2) + " run r.lua --out out --shard-size 4K", in: run.path)
                #expect(again.code == 0, "\(again)")
                let files = try run.contents()
                let others = Set(files.keys).union(expected.keys).filter { files[$0] != expected[$0] }.sorted()
                #expect(others.isEmpty, "rank \(rank) killed after \(milliseconds) ms, and then: \(again)")
                #expect(try run.entries() == ["out"])
            }
        }
    }

    @Test("A fault is told once, with its exit code")
    func faults() throws {
        let run = try LayeredRun()
        for (words, code, told) in [
            ("run r.lua --out out --set factr=1", 64, "the recipe has no option 'factr'"),
            ("run r.lua --out models/base", 73, "models/base"), ("run missing.lua --out out", 66, "missing.lua"),
            ("inspect models/base", 64, "is done by one process, and 3 were started"),
            ("run r.lua --out out --wrong", 64, "--wrong"),
        ] {
            let result = try Shell.run(MPI.run(3) + " " + words, in: run.path)
            #expect(result.code == Int32(code), "\(words): \(result)")
            #expect(result.errors.components(separatedBy: "error: ").count == 2, "\(words): \(result)")
            #expect(result.errors.contains(told), "\(words): \(result)")
            #expect(try run.entries().isEmpty)
        }
    }

    @Test("What the first rank finds when the others have left is told once, and leaves nothing")
    func late() throws {
        let scratch = try Scratch()
        // The second lot of experts has another byte than the first, which no sample looks at: only the end of the run finds it.
        let script = """
            mkdir first second
            for m in base math law; do cp -r '\(Folders.recipes)/zoo/'$m first; cp -r '\(Folders.recipes)/zoo/'$m second; done
            chmod -R u+w first second
            printf '\\1' | dd of=second/law/model.safetensors bs=1 seek=1234567 conv=notrunc 2>/dev/null
            cmp -s first/law/model.safetensors second/law/model.safetensors && exit 1
            set -- --set base=base --set experts=math,law
            "$dppa" run ties --out out --models first "$@" --quiet
            \(MPI.run(3)) run ties --out again --models second "$@" --locked out
            """
        let result = try Shell.run(script, in: scratch.path)
        #expect(result.code == 65, "\(result)")
        #expect(result.errors.components(separatedBy: "error: ").count == 2, "\(result)")
        #expect(result.errors.contains("the model law differs from the lock in 1 of"), "\(result)")
        #expect(try Shell.run("ls -A | tr '\\n' ' '", in: scratch.path).output == "first out second ")
    }

    @Test("Measured values are those of one process, and told once")
    func measure() throws {
        let run = try LayeredRun()
        _ = try run.scratch.write(
            """
            local dppa = require "dppa.v1"
            local base = dppa.model "models/base"
            local delta = dppa.model "models/a" - base
            dppa.norm(delta, "model"):named "size"
            dppa.kth(dppa.abs(delta), 100, "model"):named "hundredth"
            return base + delta
            """, "m.lua")
        let alone = try Shell.run("\"$dppa\" measure m.lua", in: run.path)
        let shared = try Shell.run(MPI.run(3) + " measure m.lua", in: run.path)
        #expect(alone.code == 0 && shared.code == 0, "\(alone) \(shared)")
        #expect(alone.output == shared.output)
    }

    @Test("Processes with nothing in common but their inputs: the first one collects")
    func collects() throws {
        let run = try LayeredRun()
        #expect(try run.run("--shard-size 4K").code == 0)
        let expected = try run.contents()
        run.remove()
        // A folder for temporary files of its own, where the others could write nothing else.
        let result = try Shell.run(
            "mkdir -p models/tmp; export TMPDIR=$PWD/models/tmp;" + MPI.run(3)
                + " run r.lua --out out --shard-size 4K --collect && ls models/tmp | grep -v openmpi | wc -l",
            in: run.path)
        #expect(result.code == 0 && result.output == "0\n", "\(result)")
        #expect(try run.contents() == expected)
        let alone = try run.run("--collect --force")
        #expect(alone.code == 64 && alone.errors.contains("there is one process"), "\(alone)")
    }

    @Test("Without the library for MPI a run of several processes says what to do")
    func missing() throws {
        let run = try LayeredRun()
        let result = try run.run(
            environment: "DPPA_MPI=/nowhere.so OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=0")
        #expect(result.code == 66 && result.errors.contains("make mpi"), "\(result)")
        #expect(try run.run(environment: "SLURM_NTASKS=4 SLURM_PROCID=0").code == 0)
    }
}
