import Foundation

/// A process as files name it, to be asked whether it is at work still.
package struct RunningProcess: Sendable {
    package let host: String
    package let process: Int32

    package init(host: String, process: Int32) { (self.host, self.process) = (host, process) }

    /// This one.
    package static var own: RunningProcess { RunningProcess(host: hostName, process: getpid()) }

    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Whether it may be at work still; on another host nobody can tell.
    package var mayLive: Bool { host != Self.own.host || kill(process, 0) == 0 || errno == EPERM }
}
