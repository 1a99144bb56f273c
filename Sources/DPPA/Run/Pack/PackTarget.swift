import DPPACheckpoint
import DPPAExpression
import DPPASupport

/// The model that a result is written as a pack onto, as it lies on the disk: what a recipe has open may be a view of it that
/// is fitted to others.
package struct PackTarget {
    package let model: OpenModel

    /// Throws `data` when the opened model is no single one that can be opened again.
    package init(_ graph: Graph, _ index: Int) throws {
        let view = graph.models[index]
        model = try OpenModel(at: view.path, label: view.label)
        guard !view.identity.hasPrefix(model.identity + " + "), view.space == .model else {
            throw DPPAError(
                .data, "pack = \(view.label): it is made of a base and an adapter, \(view.identity)",
                notes: ["name a model that lies on the disk; the pack then has all that differs from it"])
        }
    }

    /// Throws `data` when none of the tensors that are written has words of the base.
    package func require(_ tensors: [CheckpointWriter.Tensor]) throws {
        let isFound = tensors.contains { tensor in
            guard let source = model.source(tensor.name) else { return false }
            return source.dtype == tensor.dtype && PackCoding.isRowwise(tensor.shape, source.shape)
        }
        guard !isFound, let first = tensors.first else { return }
        let own = model.source(first.name).map { "\($0.dtype.rawValue) \($0.shape)" } ?? "missing"
        throw DPPAError(
            .data,
            "pack = \(model.label): no tensor is of one name, type and shape with the base's: \(first.name.shown) is "
                + "\(first.dtype.rawValue) \(first.shape) and in \(model.label) \(own)",
            notes: ["write the model in the base's type, or leave `pack` out"])
    }
}

extension RunRecord {
    /// A model that was written as a pack.
    public struct Pack: Sendable {
        /// The label of the model that it goes onto, and its name.
        public var base, baseName: String
        /// What it holds.
        public var report: PackReport

        /// One line of what it is.
        public var summary: String { "pack on \(baseName): \(report.summary)" }
    }
}

extension PackReport {
    /// Everything, by tensor.
    package var json: JSONValue {
        let (count, changed) = compared
        let tensors = tensors.map { tensor -> JSONValue in
            [
                "name": .string(tensor.name), "dtype": .string(tensor.dtype.rawValue), "count": .integer(tensor.count),
                "changed": JSONValue(tensor.changed), "coding": .string(tensor.coding),
                "bytes": .integer(tensor.byteCount), "entropy_bytes": .double(tensor.entropyBytes),
                "energy_lost": JSONValue(tensor.lost), "kept_whole_because": JSONValue(tensor.refusal),
            ]
        }
        return [
            "bytes": .integer(fileBytes), "model_bytes": .integer(modelBytes), "entropy_bytes": .double(entropyBytes),
            "compared": .integer(count), "changed": .integer(changed), "other_files": JSONValue(otherFiles),
            "tensors": .array(tensors),
        ]
    }
}
