import Foundation
import Synchronization

/// The processes that share a run: each traces the same recipe, does its part of the work, and tells the others what it has found.
///
/// All ranks call `share` in the same order, once for each step that they share. A rank that fails comes to the next one with its
/// error in place of what it should have found, so that all of them end there, and one of them says why.
package final class Ranks: Sendable {
    private let transport: any RankTransport
    /// Whether the run has ended, with an error or without: from then on nobody shares anything.
    private let isOver = Atomic<Bool>(false)
    /// Whether it was noticed here that another rank has failed: errors from then on are of that.
    private let isPeer = Atomic<Bool>(false)
    /// The error that all ranks have ended with.
    private let verdict = Mutex<DPPAError?>(nil)
    private let received = Atomic<Int>(0)

    /// The ranks that a transport reaches.
    package init(_ transport: any RankTransport) { self.transport = transport }

    /// One process, as a run is that nobody has launched on several.
    package static let alone = Ranks(NoTransport())

    /// The number of this process, from 0.
    package var rank: Int { transport.rank }
    /// How many processes there are.
    package var size: Int { transport.size }
    /// How many bytes this process has received from the others.
    package var bytesReceived: Int { received.load(ordering: .relaxed) }
    /// Whether this is the only process.
    package var isAlone: Bool { size == 1 }
    /// Whether this is the process that talks to the person, keeps files that are there once, and decides.
    package var isFirst: Bool { rank == 0 }

    /// Shares what each rank has found; gives that of all, by rank.
    ///
    /// Throws the error of a rank that has come with one instead.
    package func share(_ own: Message) throws -> [Message] {
        guard !isAlone else { return [own] }
        var message = Message()
        message.put(true)
        message.put(own.bytes)
        return try received(of: message)
    }

    /// Gives the first rank what each has, in pieces that all ranks hand over together; `piece` makes one, nil at the end, and
    /// `take` gets those of another rank, in order.
    ///
    /// A rank that fails on the way keeps the others company until the end, where `share` tells of it.
    package func collect(
        _ piece: () throws -> [UInt8]?, take: (_ rank: Int, _ piece: [UInt8]) throws -> Void
    ) throws {
        guard !isAlone else { return }
        var (failure, isOpen): ((any Error)?, Bool) = (nil, true)
        while true {
            var own: [UInt8]?
            if isOpen, failure == nil {
                do { own = try piece() } catch { failure = error }
                isOpen = own != nil
            }
            var state = Message()
            state.put(own != nil)
            // Before the bytes, which only the first one gets, all learn whether there are any.
            let isAnybody = try share(state).contains { message in
                var message = message
                return try message.take(Bool.self)
            }
            guard isAnybody else { break }
            for (rank, bytes) in try transport.collect(own ?? []).enumerated() where rank > 0 && !bytes.isEmpty {
                received.add(bytes.count, ordering: .relaxed)
                guard failure == nil else { continue }
                do { try take(rank, bytes) } catch { failure = error }
            }
        }
        if let failure { throw failure }
    }

    /// Shares what each rank has found, and has this one take what the others have, by rank.
    package func exchange(_ own: Message, _ take: (inout Message) throws -> Void) throws {
        guard !isAlone else { return }
        for (rank, message) in try share(own).enumerated() where rank != self.rank {
            var message = message
            try take(&message)
        }
    }

    /// Gives some ranks messages of their own, and gives what others have for this one, by rank.
    package func deliver(_ own: [Int: Message]) throws -> [(rank: Int, message: Message)] {
        guard !isAlone else { return [] }
        // Whoever has failed comes here with the error, and to nothing behind it.
        try meet()
        let all = try transport.deliver((0..<size).map { own[$0]?.bytes ?? [] })
        received.add(all.reduce(0) { $0 + $1.count }, ordering: .relaxed)
        return all.enumerated().filter { !$1.isEmpty }.map { ($0, Message($1)) }
    }

    /// Gives all ranks what the first one makes.
    package func fromFirst(_ make: () throws -> Message) throws -> Message {
        try share(isFirst ? make() : Message())[0]
    }

    /// Waits until all ranks are there.
    package func meet() throws { _ = try share(Message()) }

    /// Waits until all ranks are there, after which nobody shares anything.
    package func end() throws {
        try meet()
        isOver.store(true, ordering: .relaxed)
        transport.leave()
    }

    /// Throws when another rank is known to have failed; may be called from any thread, often.
    ///
    /// Why, is known with `fail`.
    package func check() throws {
        guard !isAlone, transport.isSignalled else { return }
        isPeer.store(true, ordering: .relaxed)
        throw DPPAError(.internalFault, "another rank cannot go on")
    }

    /// Ends the run of all ranks with an error, and gives the one that the first rank tells the person.
    ///
    /// Where another rank's was noticed before, whatever the error has become on its way, it is that one's. Whoever asks again gets
    /// back what it gives, to which something may have been added.
    package func fail(_ error: any Error) -> any Error {
        if isAlone { return error }
        if !isOver.load(ordering: .relaxed) {
            transport.signal()
            var message = Message()
            message.put(false)
            message.put(!isPeer.load(ordering: .relaxed))
            message.put(error as? DPPAError ?? Self.fault(error))
            message.put(ProcessInfo.processInfo.hostName)
            _ = try? received(of: message)
        }
        return verdict.withLock { verdict in
            defer { verdict = nil }
            return verdict
        } ?? error
    }

    private static func fault(_ error: any Error) -> DPPAError { DPPAError(.internalFault, "\(error)") }

    private func received(of message: Message) throws -> [Message] {
        guard !isOver.load(ordering: .relaxed) else {
            throw DPPAError(.internalFault, "rank \(rank) goes on after the run has ended")
        }
        var received: [Message] = []
        var failures: [(rank: Int, error: DPPAError, host: String)] = []
        for (rank, bytes) in try transport.gather(message.bytes).enumerated() {
            if rank != self.rank { self.received.add(bytes.count, ordering: .relaxed) }
            var message = Message(bytes)
            if try message.take(Bool.self) {
                received.append(Message(try message.takeList()))
                continue
            }
            let isOwn: Bool = try message.take()
            let (error, host) = (try message.takeError(), try message.takeText())
            if isOwn { failures.append((rank, error, host)) }
        }
        guard received.count < size else { return received }
        var error = DPPAError(.internalFault, "the run has ended, and no rank says why")
        if let first = failures.first {
            error = first.error
            // What all ranks find, such as a misspelt name, is no matter of ranks.
            if first.rank > 0 { error.notes.append("this was on rank \(first.rank) of \(size), on \(first.host)") }
        }
        verdict.withLock { $0 = error }
        isOver.store(true, ordering: .relaxed)
        throw error
    }
}

extension Message {
    package mutating func put(_ error: DPPAError) {
        put(error.code.rawValue)
        for text in [error.message, error.cause ?? "", error.location?.file ?? ""] { put(text) }
        put(error.cause != nil)
        put(error.location != nil)
        put([error.location?.line ?? 0, error.location?.column ?? 0, error.location?.length ?? 0])
        put(error.notes.count)
        for note in error.notes { put(note) }
    }

    package mutating func takeError() throws -> DPPAError {
        let code = DPPAError.Code(rawValue: try take()) ?? .internalFault
        let (message, cause, file) = (try takeText(), try takeText(), try takeText())
        let (hasCause, hasLocation): (Bool, Bool) = (try take(), try take())
        let place: [Int] = try takeList()
        var error = DPPAError(code, message, cause: hasCause ? cause : nil)
        for _ in 0..<(try take(Int.self)) { error.notes.append(try takeText()) }
        if hasLocation, place.count == 3 {
            error.location = .init(file: file, line: place[0], column: place[1], length: place[2])
        }
        return error
    }
}
