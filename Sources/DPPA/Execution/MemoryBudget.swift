import DPPACheckpoint
import DPPASupport

/// How much private memory a run may use, and how much of it is spoken for.
package struct MemoryBudget {
    /// The limit in bytes.
    let limit: Int
    /// What has been reserved so far, in bytes, the program itself included.
    private(set) var reserved: Int

    /// What the program, the language runtime and the recipe take before any weight is read.
    package static let base = 48 << 20

    package init(limit: Int) {
        self.limit = limit
        reserved = MemoryBudget.base
    }

    /// What is left, in bytes.
    package var free: Int { max(0, limit - reserved) }

    /// Reserves bytes for something; throws a `limit` error that says what it was for when there are too few.
    package mutating func reserve(_ bytes: Int, for what: String) throws {
        guard bytes <= free else {
            throw DPPAError(
                .limit,
                "\(what) needs \(ByteCount.memory(bytes)); \(ByteCount.memory(free)) of the budget of "
                    + "\(ByteCount.memory(limit)) are free",
                notes: [
                    "the program itself takes \(ByteCount.memory(MemoryBudget.base))",
                    "give it --memory \((reserved + bytes + 1 << 20 - 1) >> 20)M or more, or use fewer --threads",
                ])
        }
        reserved += bytes
    }
}
