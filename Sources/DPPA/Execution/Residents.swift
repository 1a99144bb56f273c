import DPPAExpression
import DPPAKernels
import DPPASupport

/// A tensor of a model.
struct ResidentKey: Hashable {
    var model: Int
    var tensor: TensorID
}

/// A tensor of one model, kept in memory from one pass over its unit to the next.
final class Resident: @unchecked Sendable {
    let bytes: UnsafeMutableRawPointer
    /// Whether an earlier pass has filled it; set between passes.
    var isFilled = false

    init(_ bytes: UnsafeMutableRawPointer) { self.bytes = bytes }
}

/// What of a unit stays in memory from one pass to the next.
final class Residents {
    private var arena = Buffer<UInt8>(0)
    private var used = 0
    private var known: [ResidentKey: Resident] = [:]

    /// Forgets what there is: another unit begins.
    func beginUnit() { (known, used) = ([:], 0) }

    /// What it takes, in bytes.
    var bytes: Int { arena.count }

    /// Gives the memory back.
    func release() {
        beginUnit()
        arena = Buffer<UInt8>(0)
    }

    /// Decides what the tasks of a pass find in memory or leave there for the next, and refuses what cannot fit.
    ///
    /// `matrices` is what whole matrices take at the same time, in bytes.
    func keep(
        _ tasks: [TensorTask], _ searches: [OrderSearch], matrices: Int, isLast: Bool, _ options: EngineOptions
    ) throws {
        guard let name = tasks.first?.facts.name.shown else { return }
        var budget = MemoryBudget(limit: options.memory)
        try budget.reserve(matrices, for: "keeping matrices of \(name)")
        let scratch = tasks.reduce(0) { max($0, $1.scratchBytes) }
        try budget.reserve(scratch * options.threads, for: "working on \(name)")
        try budget.reserve(searches.reduce(0) { $0 + $1.gatheredBytes }, for: "choosing elements")
        try budget.reserve(tasks.reduce(0) { $0 + $1.resultBytes }, for: "reducing \(name)")
        for task in tasks where !task.program.needsRows {
            for (index, source) in task.program.sources.enumerated()
            where task.program.models[index] != Program.noModel {
                let key = ResidentKey(model: task.program.models[index], tensor: task.tensor)
                if let resident = known[key] {
                    task.residents[index] = resident
                    continue
                }
                let bytes = (task.facts.numel * source.dtype.byteSize + 127) / 64 * 64
                guard !isLast, used + bytes <= max(budget.free, arena.count) else { continue }
                if used + bytes > arena.count {
                    // Growing moves memory, so it happens only while nothing lives in it.
                    guard known.isEmpty else { continue }
                    arena = Buffer<UInt8>(min(budget.free, Self.bytes(of: tasks)))
                }
                guard used + bytes <= arena.count else { continue }
                let resident = Resident(UnsafeMutableRawPointer(arena.pointer + used))
                used += bytes
                known[key] = resident
                task.residents[index] = resident
            }
        }
    }

    /// What all sources of some tasks take.
    private static func bytes(of tasks: [TensorTask]) -> Int {
        tasks.reduce(0) { total, task in
            total
                + zip(task.program.sources, task.program.models).reduce(0) {
                    $0 + ($1.1 == Program.noModel ? 0 : task.facts.numel * $1.0.dtype.byteSize + 128)
                }
        }
    }
}
