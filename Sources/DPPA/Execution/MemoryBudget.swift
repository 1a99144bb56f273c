/// How much private memory a run may use, and how much of it is spoken for.
package struct MemoryBudget {
    /// The limit in bytes.
    let limit: Int
    /// What has been reserved so far, in bytes, the program itself included.
    private(set) var reserved: Int

    /// What the program, the language runtime and the recipe take before any weight is read.
    package static let base = 48 << 20

    init(limit: Int) {
        self.limit = limit
        reserved = MemoryBudget.base
    }

    /// What is left, in bytes.
    var free: Int { max(0, limit - reserved) }

    /// Reserves bytes for something; throws a `limit` error that says what it was for when there are too few.
    mutating func reserve(_ bytes: Int, for what: String) throws {
        guard bytes <= free else {
            throw DPPAError(
                .limit,
                "\(what) needs \(MemoryBudget.words(bytes)); \(MemoryBudget.words(free)) of the budget of "
                    + "\(MemoryBudget.words(limit)) are free",
                notes: [
                    "the program itself takes \(MemoryBudget.words(MemoryBudget.base))",
                    "give it --memory \((reserved + bytes + 1 << 20 - 1) >> 20)M or more, or use fewer --threads",
                ])
        }
        reserved += bytes
    }

    /// A number of bytes in words.
    package static func words(_ bytes: Int) -> String {
        if bytes < 1 << 20 { return "\((bytes + 1023) >> 10) KiB" }
        let mebibytes = Double(bytes) / Double(1 << 20)
        if mebibytes < 1024 { return "\(Int(mebibytes.rounded(.up))) MiB" }
        let tenths = Int((mebibytes / 1024 * 10).rounded(.up))
        return "\(tenths / 10).\(tenths % 10) GiB"
    }
}

extension Engine {
    /// Memory for what a pass finds in a tensor, refused before it is taken when it cannot fit.
    func room<Element>(_ count: Int, _ facts: TensorFacts) throws -> Buffer<Element> {
        try requireRoom(count * MemoryLayout<Element>.stride, facts)
        return Buffer<Element>(count)
    }

    func requireRoom(_ bytes: Int, _ facts: TensorFacts) throws {
        var budget = MemoryBudget(limit: options.memory)
        try budget.reserve(bytes, for: "reducing \(facts.name.shown)")
    }
}
