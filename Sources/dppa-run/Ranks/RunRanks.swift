import ArgumentParser
import DPPA
import DPPASupport
import Foundation
import Synchronization

/// The processes that share this run, if mpirun or srun has started several.
enum RunRanks {
    private static let state = Mutex<(ranks: Ranks, transport: MPITransport?)>((.alone, nil))

    /// Those that have joined; one alone where nothing was launched.
    static var joined: Ranks { state.withLock { $0.ranks } }

    /// Joins the other processes.
    ///
    /// All but the first one are silent from then on, as all meet the same faults of a command line.
    static func join() throws {
        guard let launcher = Launcher(ProcessInfo.processInfo.environment) else { return }
        if launcher.rank > 0 { Console.silence() }
        let transport = try MPITransport(launcher)
        state.withLock { $0 = (Ranks(transport), transport) }
    }

    /// Throws where a command is launched on several processes which only one can do.
    static func requireShared(_ command: any ParsableCommand) throws {
        let ranks = joined
        guard !ranks.isAlone, !(command is RunCommand || command is MeasureCommand) else { return }
        throw DPPAError(
            .usage, "\(type(of: command)._commandName) is done by one process, and \(ranks.size) were started",
            notes: ["start it without mpirun or srun; run and measure share their work"])
    }

    /// Leaves the others in good order.
    static func leave() {
        let transport = state.withLock { state in
            defer { state = (.alone, nil) }
            return state.transport
        }
        transport?.close()
    }
}
