import DPPAExecution
import DPPASupport

/// Resuming a run of several ranks: the first one takes what is there, and all learn what is finished.
extension Resumption {
    /// What the first rank has taken from an earlier run: gives to the others what they leave out of their outputs, by result and
    /// tensor, and to the first nothing.
    func shareTaken() throws -> [(result: Int, number: Int, tensor: FinishedTensor)] {
        let ranks = engine.ranks
        guard !ranks.isAlone else { return [] }
        var message = try ranks.fromFirst { told }
        // Digests of inputs that were compared with those of then are part of keys.
        try engine.shareDigests()
        guard !ranks.isFirst else { return [] }
        let taken = try Self.taken(&message)
        for (result, number, tensor) in taken { try take(number, of: result, tensor, isCopy: false) }
        return taken
    }

    /// Has all ranks know what each has finished.
    func shareFinished() throws {
        try engine.ranks.exchange(told) { message in
            for (result, number, tensor) in try Self.taken(&message) { finished[result][number] = tensor }
        }
    }

    /// All that is finished here.
    private var told: Message {
        var message = Message()
        for (result, tensors) in finished.enumerated() {
            for (number, tensor) in tensors {
                message.put([result, number])
                message.put(tensor.name)
                message.put(tensor.words)
            }
        }
        return message
    }

    private static func taken(
        _ message: inout Message
    ) throws -> [(result: Int, number: Int, tensor: FinishedTensor)] {
        var all: [(result: Int, number: Int, tensor: FinishedTensor)] = []
        while !message.isAtEnd {
            let (place, name, words): ([Int], String, String) = (
                try message.takeList(), try message.takeText(), try message.takeText()
            )
            guard place.count == 2, let tensor = FinishedTensor(name: name, words: words) else {
                throw DPPAError(.internalFault, "another rank tells of no tensor")
            }
            all.append((place[0], place[1], tensor))
        }
        return all
    }
}
