import DPPACheckpoint
import DPPAKernels
import DPPASupport
import Foundation

/// What a first pass finds of a model beside its base: digests, what has changed, and how each tensor is kept in the fewest
/// bytes.
struct PackSurvey {
    /// A tensor of the model, as it is kept.
    struct Entry {
        var subject: PackSubject
        var coding: PackCoding
        /// How many words differ from the base's; nil where none can be compared.
        var changed: Int?
        var parts: [PackCoding.Part]
        /// Σ|d| and Σd² of its differences where they were looked at.
        var sum = 0.0, squares = 0.0
        /// Why it is not kept as was asked for.
        var refusal: String?

        /// The bytes of its parts.
        var byteCount: Int { parts.reduce(0) { $0 + $1.byteCount } }
    }

    /// What comes before a piece in the parts of its tensor.
    struct Place {
        var kept = 0
        var gapBytes = 0
        /// Elements between the last one that has changed and the piece.
        var gap = 0
    }

    private struct Findings: BitwiseCopyable, Sendable {
        var run = GapCode.Run()
        /// The most that have changed in a group of 4, 8 and 16.
        var four = 0, eight = 0, sixteen = 0
        var sum = 0.0, squares = 0.0
    }

    /// The tensors of the model, in order.
    private(set) var entries: [Entry] = []
    /// Of each piece.
    private(set) var places: [Place] = []

    /// Reads both models once.
    init(_ pieces: PackPieces) throws {
        let findings = Buffer<Findings>(pieces.pieces.count)
        findings.fill(Findings())
        try pieces.run(Array(pieces.pieces.indices), stage: "compare", digests: true) { piece in
            guard piece.subject.isComparable else { return }
            var found = Findings()
            let (bits, count) = (UnsafePointer(piece.bits.pointer), piece.range.count)
            found.run = GapCode.Run(bits, count: count)
            found.four = ChangedBits.fullest(bits, count: count, group: 4)
            found.eight = ChangedBits.fullest(bits, count: count, group: 8)
            found.sixteen = ChangedBits.fullest(bits, count: count, group: 16)
            if piece.subject.isMeasured { (found.sum, found.squares) = Self.sums(piece) }
            findings.pointer[piece.number] = found
        }
        var next = 0
        for (number, subject) in pieces.subjects.enumerated() {
            let first = next
            while next < pieces.pieces.count, pieces.pieces[next].subject == number { next += 1 }
            let own = (first..<next).map { (pieces.pieces[$0].start, findings.pointer[$0]) }
            add(subject, own)
        }
        withExtendedLifetime(findings) {}
    }

    /// Σ|d| and Σd² of a piece, d in float32 and the sums in float64.
    private static func sums(_ piece: PackPieces.Loaded) -> (Double, Double) {
        guard let dtype = piece.subject.own?.dtype else { return (0, 0) }
        let count = piece.range.count
        let (own, base) = (Buffer<Float>(count), Buffer<Float>(count))
        DTypeConversion.decode(piece.own.pointer, as: dtype, into: own.pointer, count: count)
        DTypeConversion.decode(piece.base.pointer, as: dtype, into: base.pointer, count: count)
        var (sum, squares) = (0.0, 0.0)
        for index in 0..<count {
            let difference = Double(own.pointer[index] - base.pointer[index])
            sum += abs(difference)
            squares += difference * difference
        }
        withExtendedLifetime((own, base)) {}
        return (sum, squares)
    }

    /// Puts the findings of a tensor's pieces together.
    private mutating func add(_ subject: PackSubject, _ pieces: [(Int, Findings)]) {
        var (place, last, all) = (Place(), -1, Findings())
        for (start, found) in pieces {
            place.gap = start - last - 1
            places.append(place)
            all.four = max(all.four, found.four)
            all.eight = max(all.eight, found.eight)
            all.sixteen = max(all.sixteen, found.sixteen)
            all.sum += found.sum
            all.squares += found.squares
            guard found.run.count > 0 else { continue }
            place.gapBytes += GapCode.byteCount(place.gap + found.run.first) + found.run.byteCount
            place.kept += found.run.count
            last = start + found.run.last
        }
        guard let own = subject.own else { return }
        func parts(_ coding: PackCoding) -> [PackCoding.Part] {
            coding.parts(own.dtype, own.shape, kept: place.kept, gapBytes: place.gapBytes)
        }
        var candidates: [PackCoding] = [.dense]
        if subject.isComparable, place.kept == 0, own.shape == subject.base?.shape {
            candidates = [.same]
        } else if subject.isComparable {
            for (m, most) in zip(GroupCode.sizes, [all.four, all.eight, all.sixteen])
            where most > 0 && most < m && (own.shape.last ?? 1) % m == 0 {
                candidates.append(.groups(n: most, m: m))
            }
            candidates += [.bitmask, .gaps]
        }
        let coding = candidates.min { Self.cost(parts($0)) < Self.cost(parts($1)) } ?? .dense
        var entry = Entry(
            subject: subject, coding: coding, changed: subject.isComparable ? place.kept : nil, parts: parts(coding))
        (entry.sum, entry.squares) = (all.sum, all.squares)
        entry.lose(parts)
        entries.append(entry)
    }

    /// The bytes of parts, with about what their names take in the header.
    private static func cost(_ parts: [PackCoding.Part]) -> Int {
        parts.reduce(0) { $0 + $1.byteCount + headerSize }
    }

    /// About the bytes of an entry of a header.
    private static let headerSize = 120
}

extension PackSurvey.Entry {
    /// Keeps less, where that was asked for, can be done, and takes less.
    fileprivate mutating func lose(_ parts: (PackCoding) -> [PackCoding.Part]) {
        guard let loss = subject.loss, let own = subject.own else { return }
        if let reason = subject.refusal {
            refusal = reason
        } else if coding == .same {
            refusal = "nothing of it has changed"
        } else if !sum.isFinite || !squares.isFinite {
            refusal = "its differences are not finite"
        } else {
            let lossy: PackCoding =
                switch loss {
                case .sign: .sign
                case .lowrank(let rank): .lowrank(min(rank, own.shape.min() ?? 0))
                }
            let smaller = parts(lossy)
            guard smaller.reduce(0, { $0 + $1.byteCount }) < byteCount else {
                return refusal = "it takes fewer bytes as \(coding.words)"
            }
            (coding, self.parts) = (lossy, smaller)
        }
    }

    /// The mean size of its differences.
    var scale: Float { Float(sum / Double(max(1, subject.count))) }

    /// The share of Σd² that signs and a mean size lose, before rounding: 1 − (Σ|d|)² / (n Σd²).
    var signLoss: Double {
        squares > 0 ? min(1, max(0, 1 - sum * sum / (Double(subject.count) * squares))) : 0
    }
}
