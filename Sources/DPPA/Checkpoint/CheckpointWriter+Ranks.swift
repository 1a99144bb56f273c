import DPPASupport
import Synchronization

/// Writing a checkpoint on several ranks: each writes what it computes, and what was written is put together.
extension CheckpointWriter {
    /// Brings what this rank has written to the disk, and has all ranks know the digests of it.
    package func share(_ ranks: Ranks) throws {
        guard !ranks.isAlone else { return }
        for file in files { try file.sync() }
        var message = Message()
        for file in files { file.put(into: &message) }
        try ranks.exchange(message) { message in
            for file in files { try file.add(&message) }
        }
    }

    /// Hands the first rank the bytes of tensors that were written here, which writes them to its own files.
    package func collect(_ ranks: Ranks) throws {
        // All that arrives together is in memory.
        let most = max(1 << 16, (64 << 20) / ranks.size)
        var pieces = begun.withLock { $0.sorted { $0.key < $1.key } }.flatMap { tensor, written in
            stride(from: written.lowerBound, to: written.upperBound, by: most).map {
                (tensor: tensor, bytes: $0..<min($0 + most, written.upperBound))
            }
        }[...]
        try ranks.collect {
            guard !ranks.isFirst, let piece = pieces.popFirst() else { return nil }
            let (place, buffer) = (places[piece.tensor], Buffer<UInt8>(piece.bytes.count))
            let start = place.offset + piece.bytes.lowerBound
            guard try files[place.file].read(start..<start + piece.bytes.count, into: buffer.pointer) else {
                throw DPPAError(.inputOutput, "\(files[place.file].name) has lost what was written to it")
            }
            var message = Message()
            message.put([piece.tensor, piece.bytes.lowerBound])
            message.put(UnsafePointer(buffer.pointer), count: buffer.count)
            return message.bytes
        } take: { rank, bytes in
            var message = Message(bytes)
            let (place, bytes): ([Int], [UInt8]) = (try message.takeList(), try message.takeList())
            guard place.count == 2, tensors.indices.contains(place[0]), place[1] >= 0,
                place[1] + bytes.count <= tensors[place[0]].byteCount
            else { throw DPPAError(.internalFault, "rank \(rank) hands over what has no place") }
            try bytes.withUnsafeBytes { try write(tensor: place[0], byteOffset: place[1], $0) }
        }
    }

    /// Tells another rank what of a tensor was written here, when that is on the disk.
    package func putDigest(of tensor: Int, into message: inout Message) throws {
        message.put(!tensorDigests.isEmpty)
        guard !tensorDigests.isEmpty else { return }
        try files[places[tensor].file].flush()
        tensorDigests[tensor].put(into: &message)
    }

    /// Takes in what of a tensor another rank has written, which together with this one's may be all.
    package func addDigest(of tensor: Int, _ message: inout Message) throws {
        guard try message.take(Bool.self) else { return }
        try (tensorDigests.isEmpty ? StreamDigest() : tensorDigests[tensor]).add(&message)
    }
}
