import DPPASupport

/// Takes note of what goes into some linears while a forward pass runs.
///
/// Of maps that lie in one tensor, and so have the same inputs, one is looked at. An expert of a mixture is told of by the tokens
/// that go to it. Each part of the text is summed up by itself, and parts are added in their order.
final class InputCollector: @unchecked Sendable {
    /// The sums of all parts that were added, by the name of the tensor.
    let sums: [String: InputSums]
    /// The part of each batch of what runs.
    var batches: [Int] = []
    private let names: [String]
    private let hasProducts: Bool
    private let isWhole: Bool
    private let ranks: Ranks
    /// The parts of this rank that were not added yet, in order.
    private var parts: [String: [(number: Int, sums: InputSums)]] = [:]

    /// A collector for the linears of some tensors; `isWhole` if the text is one part, which each rank goes through by itself.
    init(_ linears: [CalibratedLinear], hasProducts: Bool, isWhole: Bool, ranks: Ranks) {
        sums = Dictionary(
            linears.map { ($0.name, InputSums(width: $0.inputs, hasProducts: hasProducts)) },
            uniquingKeysWith: { first, _ in first })
        var seen: Set<String> = []
        names = linears.map(\.name).filter { seen.insert($0).inserted }
        (self.hasProducts, self.isWhole, self.ranks) = (hasProducts, isWhole, ranks)
    }

    /// Adds what lies at a place for the rows of each batch.
    func add(
        _ map: Linear, _ state: Activations, rows: [Range<Int>], from source: @escaping ForwardPass.Place,
        _ pass: ForwardPass
    ) throws {
        guard map.isFirstPart, let sums = sums[map.tensor] else { return }
        let size = InputSums.columns
        var first = 0
        while first < rows.count {
            let number = batches[first]
            let end = batches[first...].firstIndex { $0 != number } ?? rows.count
            let (own, part) = (Array(rows[first..<end]), part(number, of: map.tensor, sums))
            part.add(tokens: own.reduce(0) { $0 + $1.count })
            try pass.each((sums.width + size - 1) / size) { number, _ in
                part.add(source(state), rows: own, columns: number * size..<min(sums.width, (number + 1) * size))
            }
            first = end
        }
    }

    /// The sums of a part; with the first of the next one, what one process has summed up goes to the others.
    private func part(_ number: Int, of name: String, _ all: InputSums) -> InputSums {
        guard !isWhole else { return all }
        if let last = parts[name]?.last {
            if last.number == number { return last.sums }
            if ranks.isAlone {
                all.add(last.sums)
                last.sums.clear()
                parts[name] = [(number, last.sums)]
                return last.sums
            }
        }
        let new = InputSums(width: all.width, hasProducts: hasProducts)
        parts[name, default: []].append((number, new))
        return new
    }

    /// Adds the parts that ranks have summed up, each to be added behind those of the ranks before it.
    func finish() throws {
        defer { parts = [:] }
        for name in names {
            guard let all = sums[name] else { continue }
            let own = parts[name, default: []].map(\.sums)
            guard !ranks.isAlone else {
                for part in own { all.add(part) }
                continue
            }
            try share(own) {
                $0.putSums(into: &$1)
            } take: {
                try all.addSums(&$0)
            }
            guard hasProducts else { continue }
            // A part's products are the square of a large number of inputs: some rows at a time.
            let count = max(1, Self.exchangedBytes / ranks.size / (4 * all.width))
            for first in stride(from: 0, to: all.width, by: count) {
                let rows = first..<min(all.width, first + count)
                try share(own) {
                    $0.putProducts(rows, into: &$1)
                } take: {
                    try all.addProducts(rows, &$0)
                }
            }
        }
    }

    private func share(
        _ own: [InputSums], put: (InputSums, inout Message) -> Void, take: (inout Message) throws -> Void
    ) throws {
        var message = Message()
        message.put(own.count)
        for part in own { put(part, &message) }
        for message in try ranks.share(message) {
            var message = message
            for _ in 0..<(try message.take(Int.self)) { try take(&message) }
        }
    }

    /// What all ranks together exchange of products at a time.
    static let exchangedBytes = 16 << 20
}

/// A linear of a block whose inputs are looked at.
package struct CalibratedLinear: Sendable {
    /// The tensor with its weight.
    package var name: String
    package var layer: Int
    package var inputs: Int
    /// Whether the tensor is [inputs, outputs].
    package var isTransposed: Bool
}

extension Network {
    /// The linears of the blocks whose tensors a test lets through, each tensor once, by block in the order of use.
    func linears(where isWanted: (String) -> Bool) -> [[CalibratedLinear]] {
        blocks.enumerated().map { number, block in
            block.flatMap(\.part.linears).filter { $0.isFirstPart && isWanted($0.tensor) }.map {
                CalibratedLinear(name: $0.tensor, layer: number, inputs: $0.inputs, isTransposed: $0.isTransposed)
            }
        }
    }
}
