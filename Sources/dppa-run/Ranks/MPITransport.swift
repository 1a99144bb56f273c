import DPPA
import DPPASupport
import Foundation
import Synchronization

/// Messages between processes over MPI, by the library that `make mpi` builds for the MPI of this machine.
///
/// A process that waits sleeps, so that as many may be started as there are, on as few processors as there are. MPI begins and ends on
/// a thread of its own, as it wants both of one thread: its end need not be waited for while files are put into place.
final class MPITransport: RankTransport {
    let rank: Int
    let size: Int
    private let library: MPILibrary
    /// One thread at a time calls MPI.
    private let calls = Mutex(Calls())
    private let isTold = Atomic<Bool>(false)
    private let leaving = DispatchSemaphore(value: 0)
    private let left = DispatchSemaphore(value: 0)

    private struct Calls {
        /// When a thread has last looked for a signal, in nanoseconds.
        var looked: UInt64 = 0
        /// Whether MPI may be called: until it is left.
        var isOpen = true
    }

    /// Joins the other processes.
    ///
    /// Throws `missingInput` where the library is not there, and `internalFault` when MPI does not start.
    init(_ launcher: Launcher) throws {
        let library = try MPILibrary(launcher)
        let place = Mutex<(error: Int32, rank: Int32, size: Int32)>((0, 0, 0))
        let (opened, leaving, left) = (DispatchSemaphore(value: 0), leaving, left)
        let thread = Thread {
            place.withLock { $0.error = library.open(&$0.rank, &$0.size) }
            opened.signal()
            leaving.wait()
            library.close()
            left.signal()
        }
        thread.stackSize = 8 << 20
        thread.start()
        // MPI sets variables of the environment, which no other thread may read meanwhile: nothing else is done until it is there.
        opened.wait()
        let (error, rank, size) = place.withLock { $0 }
        guard error == 0 else {
            throw DPPAError(
                .internalFault, "MPI does not start",
                notes: [
                    error == -1
                        ? "it must allow calls from several threads in turn: MPI_THREAD_SERIALIZED"
                        : library.words(error)
                ])
        }
        self.library = library
        (self.rank, self.size) = (Int(rank), Int(size))
        guard self.size == launcher.size else {
            throw DPPAError(
                .usage, "\(launcher.name) has started \(launcher.size) processes, and MPI knows of \(self.size)",
                notes: [
                    "the library was built for another MPI than that of \(launcher.name): build it again with make mpi",
                    "with Slurm: srun --mpi=pmix, or one of those that srun --mpi=list names",
                ])
        }
    }

    func collect(_ own: [UInt8]) throws -> [[UInt8]] {
        let counts = try counts(own.count)
        guard counts.reduce(0, +) <= Int(Int32.max) else {
            throw DPPAError(.internalFault, "ranks hand over \(counts.reduce(0, +)) bytes at once")
        }
        return try exchange(own, counts: counts, isForAll: false)
    }

    func gather(_ own: [UInt8]) throws -> [[UInt8]] {
        let counts = try counts(own.count)
        var parts = [[UInt8]](repeating: [], count: size)
        for start in stride(from: 0, to: counts.max() ?? 0, by: piece) {
            let sizes = counts.map { max(0, min(piece, $0 - start)) }
            let range = min(start, own.count)..<min(start + piece, own.count)
            for (rank, part) in try exchange(Array(own[range]), counts: sizes).enumerated() { parts[rank] += part }
        }
        return parts
    }

    func deliver(_ own: [[UInt8]]) throws -> [[UInt8]] {
        let most = try counts(own.map(\.count).max() ?? 0).max() ?? 0
        let lengths = Self.numbers(
            try exchange(own.map { Self.bytes($0.count) }, counts: Array(repeating: 8, count: size)))
        var parts = [[UInt8]](repeating: [], count: size)
        for start in stride(from: 0, to: most, by: piece) {
            let pieces = own.map { Array($0[min(start, $0.count)..<min(start + piece, $0.count)]) }
            let sizes = lengths.map { max(0, min(piece, $0 - start)) }
            for (rank, part) in try exchange(pieces, counts: sizes).enumerated() { parts[rank] += part }
        }
        return parts
    }

    /// What a rank has for another, in one exchange: MPI counts in 32 bits, all ranks together.
    private var piece: Int { Int(Int32.max) / size / 64 * 64 }

    /// How many bytes each rank has.
    private func counts(_ own: Int) throws -> [Int] {
        Self.numbers(try exchange(Self.bytes(own), counts: Array(repeating: 8, count: size)))
    }

    private static func bytes(_ number: Int) -> [UInt8] { withUnsafeBytes(of: number, Array.init) }

    private static func numbers(_ parts: [[UInt8]]) -> [Int] {
        parts.map { $0.withUnsafeBytes { $0.loadUnaligned(as: Int.self) } }
    }

    /// One exchange, whose sizes all ranks know; for all, or for the first one.
    private func exchange(_ own: [UInt8], counts: [Int], isForAll: Bool = true) throws -> [[UInt8]] {
        let places = Places(counts)
        let all = UnsafeMutableRawPointer.allocate(byteCount: max(1, places.total), alignment: 64)
        defer { all.deallocate() }
        try own.withUnsafeBytes { own in
            try places.withPointers { sizes, starts in
                let exchange = isForAll ? library.gather : library.collect
                try call { exchange(own.baseAddress, Int32(own.count), all, sizes, starts) }
                try wait()
            }
        }
        return isForAll || rank == 0 ? places.parts(of: all) : []
    }

    /// One exchange in which each rank has bytes of its own for each other, whose sizes both know.
    private func exchange(_ own: [[UInt8]], counts: [Int]) throws -> [[UInt8]] {
        let (given, got) = (Places(own.map(\.count)), Places(counts))
        let all = UnsafeMutableRawPointer.allocate(byteCount: max(1, got.total), alignment: 64)
        defer { all.deallocate() }
        try Array(own.joined()).withUnsafeBytes { own in
            try given.withPointers { sizes, starts in
                try got.withPointers { counts, offsets in
                    try call { library.deliver(own.baseAddress, sizes, starts, all, counts, offsets) }
                    try wait()
                }
            }
        }
        return got.parts(of: all)
    }

    private func wait() throws {
        var nap: UInt32 = 10
        while true {
            var done: Int32 = 0
            try call { library.test(&done) }
            if done != 0 { return }
            usleep(nap)
            nap = min(1000, nap + nap / 4 + 1)
        }
    }

    func signal() {
        calls.withLock { if $0.isOpen { _ = library.signal(Int32(rank), Int32(size)) } }
    }

    var isSignalled: Bool {
        if isTold.load(ordering: .relaxed) { return true }
        // All threads ask at each chunk; now and then one looks.
        let now = DispatchTime.now().uptimeNanoseconds
        return calls.withLockIfAvailable { calls in
            guard calls.isOpen, now > calls.looked + 20_000_000 else { return false }
            calls.looked = now
            var flag: Int32 = 0
            guard library.isSignalled(&flag) == 0, flag != 0 else { return false }
            isTold.store(true, ordering: .relaxed)
            return true
        } ?? false
    }

    func leave() {
        calls.withLock { calls in
            if calls.isOpen { leaving.signal() }
            calls.isOpen = false
        }
    }

    /// Ends MPI when the run has ended on all ranks.
    func close() {
        leave()
        left.wait()
    }

    private func call(_ body: () -> Int32) throws {
        let error = calls.withLock { _ in body() }
        guard error == 0 else { throw DPPAError(.inputOutput, "MPI fails", cause: library.words(error)) }
    }
}

/// Where the bytes of each rank lie, one behind the other, as MPI counts them.
private struct Places {
    private let counts: [Int32]
    private let offsets: [Int32]
    let total: Int

    init(_ counts: [Int]) {
        var (offsets, total) = ([Int32](), 0)
        for count in counts {
            offsets.append(Int32(total))
            total += count
        }
        (self.counts, self.offsets, self.total) = (counts.map(Int32.init), offsets, total)
    }

    func withPointers<Result>(
        _ body: (_ counts: UnsafePointer<Int32>?, _ offsets: UnsafePointer<Int32>?) throws -> Result
    ) rethrows -> Result {
        try counts.withUnsafeBufferPointer { counts in
            try offsets.withUnsafeBufferPointer { try body(counts.baseAddress, $0.baseAddress) }
        }
    }

    func parts(of all: UnsafeRawPointer) -> [[UInt8]] {
        zip(offsets, counts).map { Array(UnsafeRawBufferPointer(start: all + Int($0), count: Int($1))) }
    }
}
