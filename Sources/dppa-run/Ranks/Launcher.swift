import Foundation

/// What has started this process: mpirun or srun say in its environment how many processes there are.
struct Launcher {
    /// The launcher's name.
    let name: String
    /// How many processes it has started.
    let size: Int
    /// The number of this one.
    let rank: Int

    /// The variables of each launcher: how many processes, and which one this is.
    ///
    /// Of Slurm those of a step: a batch script itself, which is one process, has the variables of its job.
    private static let known: [(name: String, size: String, rank: String)] = [
        ("mpirun", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"),
        ("mpiexec", "PMI_SIZE", "PMI_RANK"),
        ("srun", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID"),
    ]

    /// The launcher of several processes; nil where this is the only one.
    init?(_ environment: [String: String]) {
        for (name, size, rank) in Self.known {
            guard let count = environment[size].flatMap({ Int($0) }), count > 1,
                let number = environment[rank].flatMap({ Int($0) }), (0..<count).contains(number)
            else { continue }
            (self.name, self.size, self.rank) = (name, count, number)
            return
        }
        return nil
    }
}
