import DPPA
import DPPAScript
import DPPASupport
import Foundation
import Synchronization

/// Threads that stand for the processes of a run.
final class ThreadRanks: Sendable {
    let size: Int
    private let rooms = Mutex<[Int: [Int: [UInt8]]]>([:])
    private let signals = Mutex<Set<Int>>([])

    init(_ size: Int) { self.size = size }

    /// Runs a body for each rank, each on a thread of its own, and gives what comes of it by rank.
    func run<Value: Sendable>(_ body: @escaping @Sendable (Ranks) throws -> Value) -> [Result<Value, any Error>] {
        let results = Mutex<[Int: Result<Value, any Error>]>([:])
        let group = DispatchGroup()
        for rank in 0..<size {
            group.enter()
            let thread = Thread { [self] in
                let ranks = Ranks(Transport(rank: rank, all: self))
                let result = Result { try body(ranks) }
                results.withLock { $0[rank] = result }
                group.leave()
            }
            thread.stackSize = 16 << 20
            thread.start()
        }
        group.wait()
        return results.withLock { found in (0..<size).compactMap { found[$0] } }
    }

    private final class Transport: RankTransport {
        let rank: Int
        let all: ThreadRanks
        var size: Int { all.size }
        private let exchanges = Atomic<Int>(0)

        init(rank: Int, all: ThreadRanks) { (self.rank, self.all) = (rank, all) }

        func gather(_ own: [UInt8]) throws -> [[UInt8]] {
            let room = exchanges.add(1, ordering: .relaxed).oldValue
            all.rooms.withLock { $0[room, default: [:]][rank] = own }
            let deadline = ContinuousClock.now + .seconds(300)
            while ContinuousClock.now < deadline {
                if let found = all.rooms.withLock({ $0[room] }), found.count == size {
                    return (0..<size).compactMap { found[$0] }
                }
                usleep(200)
            }
            throw DPPAError(.internalFault, "rank \(rank) waits for others at exchange \(room)")
        }

        func collect(_ own: [UInt8]) throws -> [[UInt8]] {
            let all = try gather(own)
            return rank == 0 ? all : []
        }

        func deliver(_ own: [[UInt8]]) throws -> [[UInt8]] {
            var message = Message()
            for bytes in own { message.put(bytes) }
            return try gather(message.bytes).map { bytes in
                var message = Message(bytes)
                return try (0..<size).map { _ in try message.takeList(of: UInt8.self) }[rank]
            }
        }

        func signal() { all.signals.withLock { _ = $0.insert(rank) } }
        var isSignalled: Bool { all.signals.withLock { !$0.subtracting([rank]).isEmpty } }
    }
}

extension ThreadRanks {
    /// A recipe run by all ranks into one place: what each of them has thrown, by rank.
    func run(
        _ recipe: String, out: String, _ options: [String: String] = [:], threads: Int = 1,
        change: @escaping @Sendable (inout RecipeRun.Request, Int) -> Void = { _, _ in },
        observer: @escaping @Sendable (Int) -> (any EngineObserver)? = { _ in nil }
    ) -> [DPPAError?] {
        let results = run { ranks in
            var request = RecipeRun.Request(out: out)
            request.options = options
            request.engine = EngineOptions(threads: threads)
            request.engine.ranks = ranks
            change(&request, ranks.rank)
            if ranks.isFirst {
                _ = try RecipeRun(recipe).run(request, observer: observer(0))
            } else {
                try RecipeRun(recipe).join(request, observer: observer(ranks.rank))
            }
        }
        return results.map { result in
            if case .failure(let error) = result {
                error as? DPPAError ?? DPPAError(.internalFault, "\(error)")
            } else {
                nil
            }
        }
    }
}
