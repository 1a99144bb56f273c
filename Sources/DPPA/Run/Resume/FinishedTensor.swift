import DPPACheckpoint
import DPPAExecution
import DPPASupport

/// A tensor of a written model that is whole, with what tells whether another run would write the same.
///
/// A journal and a lock keep it as words, such as `KEY DIGEST | 400 200 190 0.0 0.0 0.0 0.0`: numbers as Swift writes them, behind
/// each bar those of a part, behind each slash those of an expert, and `-` for what was not compared.
package struct FinishedTensor: Sendable, Equatable {
    /// What a comparison has found on a tensor of the expression.
    package struct Compared: Sendable, Equatable {
        package var merged: MergedDelta
        package var experts: [ExpertDelta?]
        package var lost: LostChange?

        package init(merged: MergedDelta, experts: [ExpertDelta?], lost: LostChange? = nil) {
            (self.merged, self.experts, self.lost) = (merged, experts, lost)
        }
    }

    package var name: String
    /// What it is made of: see `TensorKeys`.
    package var key: UInt128
    /// Of its bytes.
    package var digest: Digest
    /// For each tensor of the expression that is written there, slices of a stack in order; nil where nothing was compared.
    package var compared: [Compared?]

    package init(name: String, key: UInt128, digest: Digest, compared: [Compared?]) {
        (self.name, self.key, self.digest, self.compared) = (name, key, digest, compared)
    }

    package var words: String {
        let parts = compared.map { part in
            part.map {
                ([Self.words($0.merged, $0.lost)] + $0.experts.map { $0.map(Self.words) ?? "-" }).joined(
                    separator: " / ")
            }
                ?? "-"
        }
        return (["\(key.hexadecimal) \(digest)"] + parts).joined(separator: " | ")
    }

    /// The tensor that words tell of; nil for what is none.
    package init?(name: String, words: String) {
        let parts = words.split(separator: " | ", omittingEmptySubsequences: false)
        let names = parts[0].split(separator: " ")
        guard names.count == 2, let key = Digest(String(names[0])), let digest = Digest(String(names[1])) else {
            return nil
        }
        var compared: [Compared?] = []
        for part in parts.dropFirst() {
            guard part != "-" else {
                compared.append(nil)
                continue
            }
            let texts = part.split(separator: " / ", omittingEmptySubsequences: false)
            let numbers = texts.map(Self.numbers)
            guard let (merged, lost) = numbers[0].flatMap(Self.merged) else { return nil }
            var experts: [ExpertDelta?] = []
            for (numbers, text) in zip(numbers, texts).dropFirst() {
                let expert = numbers.flatMap(ExpertDelta.init(numbers:))
                guard expert != nil || text == "-" else { return nil }
                experts.append(expert)
            }
            compared.append(Compared(merged: merged, experts: experts, lost: lost))
        }
        self.init(name: name, key: key.value, digest: digest, compared: compared)
    }

    private static func words(_ delta: MergedDelta, _ lost: LostChange?) -> String {
        "\(delta.elements) \(delta.changed) \(delta.survived) \(delta.referenceSquares) \(delta.squares) "
            + "\(delta.roundingSquares) \(delta.roundingProduct)"
            + (lost.map { " \($0.changed) \($0.largest) \($0.beside)" } ?? "")
    }

    /// What those words tell of.
    private static func merged(_ numbers: [Double]) -> (MergedDelta, LostChange?)? {
        guard let merged = MergedDelta(numbers: Array(numbers.prefix(7))) else { return nil }
        if numbers.count == 7 { return (merged, nil) }
        guard numbers.count == 10, let changed = Int(exactly: numbers[7]) else { return nil }
        return (merged, LostChange(changed: changed, largest: Float(numbers[8]), beside: Float(numbers[9])))
    }

    private static func words(_ delta: ExpertDelta) -> String {
        "\(delta.elements) \(delta.changed) \(delta.kept) \(delta.agreeing) \(delta.referenceSquares) \(delta.squares) "
            + "\(delta.product) \(delta.mergedSquares)"
    }

    private static func numbers(_ text: Substring) -> [Double]? {
        let words = text.split(separator: " ")
        let numbers = words.compactMap { Double($0) }
        return numbers.count == words.count ? numbers : nil
    }
}

extension MergedDelta {
    fileprivate init?(numbers: [Double]) {
        let counts = numbers.prefix(3).compactMap { Int(exactly: $0) }
        guard numbers.count == 7, counts.count == 3 else { return nil }
        self.init()
        (size.elements, size.changed, survived) = (counts[0], counts[1], counts[2])
        (size.referenceSquares, size.squares) = (numbers[3], numbers[4])
        (roundingSquares, roundingProduct) = (numbers[5], numbers[6])
    }
}

extension ExpertDelta {
    fileprivate init?(numbers: [Double]) {
        let counts = numbers.prefix(4).compactMap { Int(exactly: $0) }
        guard numbers.count == 8, counts.count == 4 else { return nil }
        self.init()
        (size.elements, size.changed, kept, agreeing) = (counts[0], counts[1], counts[2], counts[3])
        (size.referenceSquares, size.squares, product, mergedSquares) = (numbers[4], numbers[5], numbers[6], numbers[7])
    }
}
