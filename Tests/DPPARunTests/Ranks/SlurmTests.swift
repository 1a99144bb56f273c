import Foundation
import Testing

/// Two nodes of a Slurm on this machine: see slurm.sh beside this file.
enum Slurm {
    private static let script = NSString(string: #filePath).deletingLastPathComponent + "/slurm.sh"

    static let canStart =
        MPI.folder != nil && (try? Scratch()).map { (try? run("true", in: $0.path))?.code == 0 } ?? false

    /// Runs a script as a user of the cluster.
    static func run(_ text: String, in folder: String) throws -> CommandLineTests.Result {
        try Shell.run(
            """
            export DPPA_MPI='\(MPI.folder?.path ?? "")/libdppa-mpi.so' dppa
            timeout -k 5 240 '\(script)' "$PWD/cluster" bash -c "$1"
            """, [text], in: folder)
    }
}

/// The program under srun on two nodes that this machine plays.
@Suite(
    "Slurm",
    .enabled(
        if: Slurm.canStart,
        "a Slurm of two nodes cannot be started: slurm.sh says why"))
struct SlurmTests {
    @Test("srun -N2 gives the bytes of one process, and so does a batch script")
    func bytes() throws {
        let run = try LayeredRun()
        #expect(try run.run("--threads 1").code == 0)
        let expected = try run.contents()
        run.remove()
        let result = try Slurm.run(
            """
            set -e
            srun -N2 -n2 hostname | sort | tr '\\n' ' '
            srun -N2 -n2 "$dppa" run r.lua --out out --threads 1
            mv out cluster/first
            printf '#!/bin/bash\\nsrun "$dppa" run r.lua --out out --threads 1\\n' > cluster/batch.sh
            sbatch -W -N2 -n4 -o cluster/batch.out cluster/batch.sh
            cat cluster/batch.out >&2
            """, in: run.path)
        #expect(result.code == 0, "\(result)")
        #expect(result.output.hasPrefix("node1 node2"))
        #expect(result.errors.components(separatedBy: "wrote out").count == 3, "\(result)")
        #expect(try run.contents() == expected)
        #expect(try run.contents("cluster/first") == expected)
    }

    @Test("A rank that is killed on the other node ends the step, and the same command goes on")
    func kill() throws {
        let run = try LayeredRun()
        #expect(try run.run("--threads 1 --shard-size 4K").code == 0)
        let expected = try run.contents()
        run.remove()
        let result = try Slurm.run(
            """
            srun -N2 -n2 "$dppa" run r.lua --out out --threads 1 --shard-size 4K &
            sleep 0.6
            for p in $(pgrep -f 'dppa-run run r.lua'); do
              tr '\\0' '\\n' < /proc/$p/environ | grep -qx SLURM_PROCID=1 &&
                [ $(readlink /proc/$p/cwd) = $PWD ] && kill -9 $p
            done
            wait
            test -e out || srun -N2 -n2 "$dppa" run r.lua --out out --threads 1 --shard-size 4K
            """, in: run.path)
        #expect(result.code == 0, "\(result)")
        #expect(try run.contents() == expected)
        #expect(try run.entries().filter { $0 != "cluster" } == ["out"])
    }
}
