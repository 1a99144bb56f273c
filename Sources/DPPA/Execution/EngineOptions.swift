import DPPAKernels
import DPPASupport
import Foundation

/// How a run may use the machine.
///
/// None of it changes a result.
public struct EngineOptions: Sendable {
    /// How many threads compute.
    public var threads: Int
    /// How much private memory the whole program may use, in bytes.
    public var memory: Int
    /// How many elements a thread takes at a time.
    public var chunkElements: Int
    /// How many elements a register holds.
    public var tileElements: Int
    /// Whether schedules and compiled programs are checked before they run, at a cost; for tests.
    package var verifiesPrograms = false
    /// Whether digests are made of the tensors that are read, at a cost.
    package var digestsInputs = false
    /// The processes that share the passes.
    package var ranks = Ranks.alone
    /// The least that one of them does of what several do together, in bytes that are moved.
    package var smallestPart = 8 << 20

    /// Options; chunk and tile are for measurements.
    public init(
        threads: Int = ProcessInfo.processInfo.activeProcessorCount, memory: Int = 512 << 20,
        chunkElements: Int = 1 << 16, tileElements: Int = 4096
    ) {
        self.threads = max(1, threads)
        self.memory = memory
        self.chunkElements = max(LeafAccumulator.leafSize, chunkElements)
        self.tileElements = max(16, tileElements / 16 * 16)
    }
}

/// Where a run tells how far it is, and asks whether to go on.
public protocol EngineObserver: Sendable {
    /// A run begins; about `bytes` will go through its passes.
    func plan(bytes: Int)
    /// A pass begins.
    func begin(stage: String)
    /// Bytes went through a pass. Called from all threads.
    func advance(bytes: Int)
    /// Throws when the person at the keyboard wants the run to stop. Called from all threads.
    func checkInterruption() throws
    /// Something worth telling that is no warning, such as scores of an earlier run that are used.
    func note(_ text: String)
}

extension EngineObserver {
    /// Nobody listens.
    public func note(_ text: String) {}
}

/// What a run has done, for reports.
public struct EngineReport: Sendable {
    /// Bytes of weights that were read, counting each time.
    public var bytesRead = 0
    /// Bytes of weights that were written to files.
    public var bytesWritten = 0
    /// Steps of programs, each counted once for every element that it was done for.
    public internal(set) var elementSteps = 0
    /// Bytes of weights that passes went through for the first time, wherever they were; samples aside.
    public internal(set) var diskBytes = 0
    /// Bytes of weights that passes went through again, kept in memory or read again.
    public internal(set) var cacheBytes = 0
    /// Bytes of weights that were built in memory, to be scored, and written nowhere.
    public var bytesBuilt = 0
    /// How many processes shared the work.
    public internal(set) var ranks = 1
    /// How many bytes this one was told by the others.
    public internal(set) var bytesExchanged = 0
    /// The number of passes over the tensors; those of one epoch find a tensor still at hand.
    public var passes = 0
    /// How often the whole checkpoint had to be gone through.
    public var epochs = 0
    /// How many matrices were computed of whole tensors: decompositions, products and what rearranges them.
    public internal(set) var matrices = 0
    /// How many order statistics were found by histograms, because the sample missed or there was no memory to gather in.
    package internal(set) var histogramSearches = 0
    /// How many last places among equal values were found by counting them again.
    package internal(set) var countedPlaces = 0
    /// Infinities and NaNs among the inputs: label, how many, and one tensor that has them.
    public var nonFiniteInputs: [(label: String, count: Int, tensor: String)] = []

    /// Nothing done yet.
    public init() {}
}

extension EngineReport {
    /// What was read, what was written, what passes went through again, and what was computed for scores alone, and how fast.
    package func traffic(seconds: Double) -> String {
        let others = [(cacheBytes, "gone through again"), (bytesBuilt, "of candidates built in memory")].filter {
            $0.0 > 0
        }
        let all = [(bytesRead, "read"), (bytesWritten, "written")] + others
        let processes = ranks > 1 ? " on \(ranks) ranks" : ""
        let rate = ByteCount.rate(all.reduce(0) { $0 + $1.0 }, seconds: seconds)
        return all.map { "\(ByteCount.words($0.0)) \($0.1)" }.joined(separator: ", ")
            + " in \(String(format: "%.1f", seconds)) s\(processes) (\(rate))"
    }
}
