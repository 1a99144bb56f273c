import DPPACheckpoint
import DPPAExecution
import DPPASupport

/// A tensor of a written model that is whole, with what tells whether another run would write the same.
///
/// A journal and a lock keep it as words, such as `KEY DIGEST | 400 200 190 0.0 0.0 0.0`: numbers as Swift writes them, behind
/// each bar those of a part, behind each slash those of an expert, and `-` for what was not compared.
package struct FinishedTensor: Sendable, Equatable {
    /// What a comparison has found on a tensor of the expression.
    package struct Compared: Sendable, Equatable {
        package var merged: MergedDelta
        package var experts: [ExpertDelta?]

        package init(merged: MergedDelta, experts: [ExpertDelta?]) { (self.merged, self.experts) = (merged, experts) }
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
                ([Self.words($0.merged)] + $0.experts.map { $0.map(Self.words) ?? "-" }).joined(separator: " / ")
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
            let numbers = part.split(separator: " / ", omittingEmptySubsequences: false).map(Self.numbers)
            guard let merged = numbers[0].flatMap(MergedDelta.init(numbers:)) else { return nil }
            var experts: [ExpertDelta?] = []
            for (numbers, text) in zip(numbers, part.split(separator: " / ")).dropFirst() {
                let expert = numbers.flatMap(ExpertDelta.init(numbers:))
                guard expert != nil || text == "-" else { return nil }
                experts.append(expert)
            }
            compared.append(Compared(merged: merged, experts: experts))
        }
        self.init(name: name, key: key.value, digest: digest, compared: compared)
    }

    private static func words(_ delta: MergedDelta) -> String {
        "\(delta.elements) \(delta.changed) \(delta.survived) \(delta.referenceSquares) \(delta.squares) "
            + "\(delta.roundingSquares)"
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
        guard numbers.count == 6, counts.count == 3 else { return nil }
        self.init()
        (size.elements, size.changed, survived) = (counts[0], counts[1], counts[2])
        (size.referenceSquares, size.squares, roundingSquares) = (numbers[3], numbers[4], numbers[5])
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
