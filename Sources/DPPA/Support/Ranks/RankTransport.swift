/// What carries bytes between the processes of a run: MPI, or threads that stand for processes.
package protocol RankTransport: Sendable {
    /// The number of this process, from 0.
    var rank: Int { get }
    /// How many there are.
    var size: Int { get }
    /// Gives bytes to all and gets those of all, by rank; all ranks call it as often and in the same order, on one thread.
    func gather(_ own: [UInt8]) throws -> [[UInt8]]
    /// Gives bytes to the first rank, which gets those of all, by rank; the others get nothing. Called as `gather` is.
    func collect(_ own: [UInt8]) throws -> [[UInt8]]
    /// Gives each rank bytes of its own, by rank, and gets those that each has for this one. Called as `gather` is.
    func deliver(_ own: [[UInt8]]) throws -> [[UInt8]]
    /// Lets the others know, without waiting for them, that this rank cannot go on.
    func signal()
    /// Whether another rank has signalled; may be called from any thread, often.
    var isSignalled: Bool { get }
    /// Begins to leave the others, as all do when nothing is shared any more; does not wait for them.
    func leave()
}

extension RankTransport {
    package func leave() {}
}

/// One process, which has nobody to talk to.
struct NoTransport: RankTransport {
    var rank: Int { 0 }
    var size: Int { 1 }
    func gather(_ own: [UInt8]) -> [[UInt8]] { [own] }
    func collect(_ own: [UInt8]) -> [[UInt8]] { [own] }
    func deliver(_ own: [[UInt8]]) -> [[UInt8]] { own }
    func signal() {}
    var isSignalled: Bool { false }
}
