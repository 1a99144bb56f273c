import DPPAExpression
import DPPASupport

/// The units that this rank goes through together with others, all at once: after each pass those that share a unit tell each
/// other what they have found in it, and then each has found all of it.
struct DividedUnits {
    let units: [DividedUnit]
    private let rank: Int
    private var places: [TensorID: Int] = [:]

    init(_ units: [DividedUnit], rank: Int) {
        (self.units, self.rank) = (units, rank)
        for (place, unit) in units.enumerated() { for tensor in unit.tensors { places[tensor] = place } }
    }

    var tensors: [TensorID] { units.flatMap(\.tensors) }

    /// The elements of a tensor that are this rank's.
    func part(of tensor: TensorID) -> Range<Int>? { places[tensor].flatMap { units[$0].parts[tensor] } }

    /// Whether this rank tells the others and files what came of a tensor.
    func tells(_ tensor: TensorID) -> Bool { places[tensor].map { units[$0].ranks.first == rank } ?? false }
}

/// What takes values of a pass, and can put together what it was given of parts of a tensor.
protocol DivisibleSink: TileSink {
    /// Tells what came of some chunks, which follow one another.
    func put(_ chunks: [Chunk], into message: inout Message) throws
    /// Takes in what came of other chunks.
    func add(_ message: inout Message) throws
}

extension Engine {
    /// Exchanges what a pass has found in parts of units; `found` are infinities and NaNs among the inputs.
    func exchange(_ divided: DividedUnits, _ tasks: [TensorTask], _ found: inout [ResidentKey: Int]) throws {
        let own = Dictionary(uniqueKeysWithValues: tasks.map { ($0.tensor, $0) })
        var messages: [Int: Message] = [:]
        for unit in divided.units {
            var section = Message()
            for task in unit.tensors.compactMap({ own[$0] }) { try put(task, found, into: &section) }
            for rank in unit.ranks where rank != ranks.rank {
                messages[rank, default: Message()].put(section.bytes)
            }
        }
        for (rank, message) in try ranks.deliver(messages) {
            var message = message
            for unit in divided.units where unit.ranks.contains(rank) {
                var section = Message(try message.takeList())
                for task in unit.tensors.compactMap({ own[$0] }) { try take(&section, of: task, &found) }
            }
        }
    }

    private func put(_ task: TensorTask, _ found: [ResidentKey: Int], into message: inout Message) throws {
        inputs.put(of: task.tensor, into: &message)
        for model in task.models { message.put(found[ResidentKey(model: model, tensor: task.tensor), default: 0]) }
        for copy in task.copies { try copy.output.putDigest(into: &message) }
        for sink in task.sinks { try divisible(sink, task).put(task.chunks, into: &message) }
    }

    private func take(_ message: inout Message, of task: TensorTask, _ found: inout [ResidentKey: Int]) throws {
        try inputs.add(of: task.tensor, &message)
        for model in task.models {
            let count: Int = try message.take()
            if count > 0 { found[ResidentKey(model: model, tensor: task.tensor), default: 0] += count }
        }
        for copy in task.copies { try copy.output.addDigest(&message) }
        for sink in task.sinks { try divisible(sink, task).add(&message) }
    }

    private func divisible(_ sink: any TileSink, _ task: TensorTask) throws -> any DivisibleSink {
        guard let sink = sink as? any DivisibleSink else {
            throw DPPAError(.internalFault, "\(task.facts.name) was divided, and what is found in it cannot be")
        }
        return sink
    }
}
