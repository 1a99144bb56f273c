import DPPA
import Foundation

extension Checkpoint {
    /// What a model holds, as `inspect --json` writes it: sizes in elements and bytes.
    var description: [String: Any] {
        let config = self.config.flatMap {
            try? JSONSerialization.jsonObject(with: Data($0.utf8), options: [.fragmentsAllowed])
        }
        return [
            "path": path, "config": config ?? NSNull(), "files": sidecarFiles, "shards": shards.sorted(),
            "elements": tensors.reduce(0) { $0 + $1.facts.numel }, "bytes": tensors.reduce(0) { $0 + $1.byteCount },
            "tensors": tensors.map(\.description),
        ]
    }
}

extension Checkpoint.Tensor {
    fileprivate var byteCount: Int { facts.numel * source.dtype.byteSize }

    fileprivate var description: [String: Any] {
        [
            "name": facts.name, "shape": facts.shape, "dtype": source.dtype.rawValue, "bytes": byteCount,
            "role": facts.role, "linear": facts.isLinear, "stack": facts.stack.map { $0 as Any } ?? NSNull(),
            "layer": facts.layer.map { $0 as Any } ?? NSNull(),
        ]
    }
}
