import Foundation

/// A child process that leads a group, and all its descendants that have stayed in the group.
///
/// To be used only while the child has not been collected, for until then its number is nobody else's.
struct ProcessGroup: Sendable {
    /// The child's process number, which is the group's.
    let leader: pid_t

    /// Whether the child has ended; its descendants may live on.
    var leaderHasEnded: Bool {
        var information = siginfo_t()
        let found = waitid(P_PID, id_t(leader), &information, WEXITED | WNOHANG | WNOWAIT)
        return found != 0 || information.si_signo == SIGCHLD
    }

    /// Asks all processes of the group to end, and ends those that have not after five seconds.
    func terminate() async {
        kill(-leader, SIGTERM)
        let start = ContinuousClock.now
        while isRunning {
            guard ContinuousClock.now - start < .seconds(5) else {
                kill(-leader, SIGKILL)
                return
            }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Whether a process of the group still runs; a signal would find those too that have ended and wait to be collected.
    private var isRunning: Bool {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc") else { return true }
        return names.contains { name in
            guard name.first?.isNumber == true,
                let data = FileManager.default.contents(atPath: "/proc/\(name)/stat"),
                // The program's name stands in parentheses and may hold more of them; state, parent and group follow.
                let end = data.lastIndex(of: UInt8(ascii: ")"))
            else { return false }
            let fields = String(decoding: data[(end + 1)...], as: UTF8.self).split(separator: " ")
            return fields.count > 2 && fields[2] == String(leader) && fields[0] != "Z" && fields[0] != "X"
        }
    }
}
