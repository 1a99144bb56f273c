import DPPAExpression

/// A unit that several ranks go through together, each over some of its elements.
struct DividedUnit {
    var tensors: [TensorID]
    /// Those that take part; the first one tells the others and files what came of it.
    var ranks: [Int]
    /// The elements of each tensor that are this rank's, by flat index.
    var parts: [TensorID: Range<Int>]
}

/// How the units of an epoch are dealt to ranks.
struct Dealing {
    /// Those that this rank goes through alone.
    var whole: [[TensorID]] = []
    /// Those that it has a part of.
    var divided: [DividedUnit] = []
    /// Whether any rank has such.
    var isAnyDivided = false
    /// The bytes that each rank moves.
    var bytes: [Int]
}

extension Engine {
    /// Deals the units of an epoch to some ranks, of which this is one.
    func deal(
        _ units: [[TensorID]], _ epoch: Int, _ schedule: Schedule, _ outputs: [Output], among count: Int
    ) throws -> Dealing {
        var known = UnitSizes(graph, epoch, schedule, outputs)
        let sizes = try units.map { try $0.map { try known.bytes(of: $0) } }
        let leaders = leaders(units, outputs)
        let together = Set(leaders.keys).union(leaders.values)
        let work = schedule.work(in: epoch)
        let pieces = try Deal.pieces(
            sizes.map { $0.reduce(0, +) }, among: count, smallest: options.smallestPart
        ) { number in
            try !together.contains(number) && mayDivide(units[number], work, schedule.needs, outputs)
        }
        var dealing = Dealing(bytes: Array(repeating: 0, count: count))
        for (number, unit) in units.enumerated() {
            var own = pieces[number]
            if let leader = leaders[number] { own[0].rank = pieces[leader][0].rank }
            for piece in own { dealing.bytes[piece.rank] += piece.bytes.count }
            if own.count > 1 {
                dealing.isAnyDivided = true
                guard let place = own.firstIndex(where: { $0.rank == ranks.rank }) else { continue }
                dealing.divided.append(
                    DividedUnit(
                        tensors: unit, ranks: own.map(\.rank), parts: parts(unit, sizes[number], own, place)))
            } else if own[0].rank == ranks.rank {
                dealing.whole.append(unit)
            }
        }
        return dealing
    }

    /// The units that write slices of a tensor of which an earlier one writes some, with that one: they have one digest, so
    /// they stay together.
    private func leaders(_ units: [[TensorID]], _ outputs: [Output]) -> [Int: Int] {
        struct Place: Hashable { var output, tensor: Int }
        var (firsts, leaders): ([Place: Int], [Int: Int]) = ([:], [:])
        for (number, unit) in units.enumerated() {
            for (output, written) in outputs.enumerated() {
                for tensor in unit {
                    guard let slot = written.slots[tensor] else { continue }
                    let first = firsts[Place(output: output, tensor: slot.tensor), default: number]
                    firsts[Place(output: output, tensor: slot.tensor)] = first
                    if first != number { leaders[number] = leaders[first] ?? first }
                }
            }
        }
        return leaders
    }

    /// Whether what ranks find in parts of a unit can be put together.
    private func mayDivide(
        _ unit: [TensorID], _ work: [any PassWork], _ needs: Needs, _ outputs: [Output]
    ) throws -> Bool {
        for tensor in unit {
            for item in work where needs.contains(item, on: tensor) {
                if let write = item as? OutputWrite {
                    guard outputs[write.number].slots[tensor] != nil else { continue }
                } else {
                    guard graph.selects(item.subject, tensor) else { continue }
                }
                guard item.isDivisible else { return false }
                guard graph.hasMatrices else { continue }
                for node in item.operands where graph.selects(node, tensor) {
                    guard try graph.matrices(under: node, on: tensor).isEmpty else { return false }
                }
            }
        }
        return true
    }

    /// The elements of a unit's tensors that belong to one of its pieces: as large a part of the elements as of the bytes.
    private func parts(
        _ unit: [TensorID], _ sizes: [Int], _ pieces: [Deal.Piece], _ number: Int
    ) -> [TensorID: Range<Int>] {
        var (parts, before): ([TensorID: Range<Int>], Int) = ([:], 0)
        for (tensor, size) in zip(unit, sizes) {
            let count = graph.facts(tensor).numel
            func element(_ byte: Int) -> Int {
                if byte <= before { return 0 }
                return byte >= before + size ? count : Int(Double(byte - before) / Double(size) * Double(count))
            }
            let (first, end) = (element(pieces[number].bytes.lowerBound), element(pieces[number].bytes.upperBound))
            parts[tensor] = first..<(number == pieces.count - 1 ? count : end)
            before += size
        }
        return parts
    }
}
