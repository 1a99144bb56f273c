import DPPACheckpoint
import DPPAKernels
import DPPASupport
import Foundation

/// What a pack holds and what it takes, beside the model that it stands for.
public struct PackReport: Sendable {
    /// A tensor of the model.
    public struct Tensor: Sendable {
        /// The name.
        public var name: String
        /// The type of its elements.
        public var dtype: DType
        /// How many elements it has.
        public var count: Int
        /// How many of them have other bytes than the base's; nil where the base has no such tensor.
        public var changed: Int?
        /// How it is kept, such as `gaps` or `2:4`.
        public var coding: String
        /// The bytes that the pack has of it.
        public var byteCount: Int
        /// The share of its difference's ‖d‖² that is lost; nil where nothing is.
        public var lost: Double?
        /// Why it is not kept as was asked for.
        public var refusal: String?

        package init(
            name: String, dtype: DType, count: Int, changed: Int?, coding: String, byteCount: Int,
            lost: Double? = nil, refusal: String? = nil
        ) {
            (self.name, self.dtype, self.count, self.changed) = (name, dtype, count, changed)
            (self.coding, self.byteCount, self.lost, self.refusal) = (coding, byteCount, lost, refusal)
        }

        /// The bytes that it has in the model.
        public var modelBytes: Int { count * dtype.byteSize }

        /// The fewest bytes for places that are chosen at random, with the words that differ as they are: n H(k / n) bits and
        /// k words.
        public var entropyBytes: Double {
            guard let changed, count > 0 else { return Double(modelBytes) }
            let share = Double(changed) / Double(count)
            let bits = [share, 1 - share].reduce(0) { $1 > 0 ? $0 - $1 * log2($1) : $0 }
            return Double(count) * bits / 8 + Double(changed * dtype.byteSize)
        }
    }

    /// In the order of their names.
    public internal(set) var tensors: [Tensor]
    /// The bytes of the file.
    public var fileBytes: Int
    /// Small files in which the model differs from its base, and which are not written.
    public var otherFiles: [String] = []

    /// The bytes of the model's tensors.
    public var modelBytes: Int { tensors.reduce(0) { $0 + $1.modelBytes } }
    /// The same of the places by their entropy and the words as they are.
    public var entropyBytes: Double { tensors.reduce(0) { $0 + $1.entropyBytes } }
    /// The elements that can be compared, and those of them that have changed.
    public var compared: (count: Int, changed: Int) {
        tensors.reduce((0, 0)) { sum, tensor in
            tensor.changed.map { (sum.0 + tensor.count, sum.1 + $0) } ?? sum
        }
    }

    /// What the person at the keyboard should know, a warning each.
    public var warnings: [String] {
        var warnings: [String] = []
        let lossy = tensors.filter { $0.lost != nil }
        if let most = lossy.max(by: { ($0.lost ?? 0) < ($1.lost ?? 0) }) {
            warnings.append(
                "warning: \(Phrase.counted(lossy.count, "tensor")) \(lossy.count == 1 ? "is" : "are") not kept whole: up to "
                    + "\(Self.percent(most.lost ?? 0)) of a difference's energy is lost, in \(most.name.shown)")
        }
        let refused = tensors.filter { $0.refusal != nil }
        if let first = refused.first, let reason = first.refusal {
            warnings.append(
                "warning: \(Phrase.counted(refused.count, "tensor")) \(refused.count == 1 ? "stays" : "stay") whole although less was "
                    + "asked for: \(first.name.shown), because \(reason)")
        }
        if !otherFiles.isEmpty {
            warnings.append(
                "warning: \(Phrase.list(otherFiles.map(\.shown))) of the model differ from the base's and are not in the pack: "
                    + "with --out naming a folder they go along")
        }
        if compared.changed == 0, tensors.allSatisfy({ $0.changed != nil }) {
            warnings.append("warning: the model is its base, word for word")
        }
        return warnings
    }

    /// A share as people read it.
    package static func percent(_ share: Double) -> String { String(format: "%.2f %%", share * 100) }

    /// One line of what it is.
    public var summary: String {
        let (count, changed) = compared
        let share = modelBytes > 0 ? Double(fileBytes) / Double(modelBytes) : 0
        let others = tensors.count { $0.changed == nil }
        return "\(ByteCount.words(fileBytes)), \(Self.percent(share)) of \(ByteCount.words(modelBytes)); "
            + "\(Self.percent(Double(changed) / Double(max(1, count)))) of \(count) words differ from the base's"
            + (others == 0 ? "" : ", \(Phrase.counted(others, "tensor")) it does not have")
    }
}
