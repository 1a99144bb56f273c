import DPPA

extension OpenModel {
    /// What a model holds, as `inspect --json` writes it: sizes in elements and bytes.
    var description: JSONValue {
        let summary = ModelSummary(self)
        return [
            "path": .string(path), "config": config.flatMap(ConfigText.object).map(JSONValue.object) ?? .null,
            "files": JSONValue(sidecarFiles), "shards": JSONValue(weightFiles),
            "elements": .integer(summary.elements), "bytes": .integer(summary.bytes),
            "tensors": .array(tensors.map(\.description)),
        ]
    }
}

extension OpenModel.Tensor {
    fileprivate var description: JSONValue {
        [
            "name": .string(facts.name), "shape": .array(facts.shape.map(JSONValue.integer)),
            "dtype": .string(source.encoding), "bytes": .integer(byteCount), "role": .string(facts.role),
            "linear": .bool(facts.isLinear), "stack": JSONValue(facts.stack), "layer": JSONValue(facts.layer),
        ]
    }
}
