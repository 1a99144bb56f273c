/// A file beside the weights that stays with them: it tells of this checkpoint, and of none that is made of it.
enum StayingFile {
    /// Weights, states of a training, adapters and what belongs to a quantisation.
    case ofCheckpoint
    /// What every model has of its own (config.json, the card, the index, the recipe of a run), and hidden files.
    case ofFolder

    /// The kind of a file, by its path from the model's folder; nil for one that may go along.
    init?(_ path: String) {
        let name = (path.split(separator: "/").last.map(String.init) ?? path).lowercased()
        if name.hasPrefix(".") || name.hasPrefix("readme") || name.hasSuffix(".index.json") || name.hasSuffix(".lua")
            || name.hasSuffix(".scores.jsonl") || Self.own.contains(path)
        {
            self = .ofFolder
        } else if Self.isWeights(name) || name.hasSuffix(".log") || name.contains("imatrix")
            || Self.names.contains(name) || Self.beginnings.contains(where: name.hasPrefix)
        {
            self = .ofCheckpoint
        } else {
            return nil
        }
    }

    /// The kind of a folder; nil for one whose files may go along.
    init?(folder name: String) {
        if name.hasPrefix(".") || name == "lib" || name == "__pycache__" {
            self = .ofFolder
        } else if ["runs", "logs", "wandb"].contains(name) || name.hasPrefix("checkpoint-")
            || name.hasPrefix("global_step")
        {
            self = .ofCheckpoint
        } else {
            return nil
        }
    }

    /// Whether a file holds weights, or what a training keeps beside them, by the ending of its name.
    static func isWeights(_ name: String) -> Bool {
        guard let dot = name.lastIndex(of: ".") else { return false }
        return endings.contains(name[name.index(after: dot)...].lowercased())
    }

    private static let endings: Set<String> = [
        "safetensors", "bin", "pt", "pth", "ckpt", "h5", "msgpack", "onnx", "onnx_data", "gguf", "ggml", "ot", "tflite",
        "pb", "mlmodel", "nemo", "pdparams", "distcp", "part", "incomplete",
    ]
    private static let own: Set<String> = ["config.json", "recipe.lock.json", "recipe.json", "dppa.json"]
    private static let names: Set<String> = [
        "trainer_state.json", "trainer_log.jsonl", "training_args.json", "training_args.yaml", "training_loss.png",
        "training_eval_loss.png", "all_results.json", "train_results.json", "eval_results.json", "latest",
        "zero_to_fp32.py", "quantize_config.json", "quant_config.json", "quantization_config.json",
        "hf_quant_config.json",
    ]
    private static let beginnings = ["adapter_", "rng_state", "events.out.tfevents", "global_step"]
}
