/// Files of torch.save: a file, or a folder with `pytorch_model.bin`, with several and an index, or with one of another name.
///
/// They are read by a machine that runs nothing of them; see `TorchGlobal` for all that they may name.
package enum PyTorchModel: ModelFormat {
    package static let fileExtensions = ["bin", "pt", "pth", "ckpt"]

    /// A file is told by its first bytes, and so is one of a folder that has no name of its own.
    package static func recognises(_ place: ModelPlace) -> Bool {
        guard let names = place.names else {
            return [.zip, .pickle].contains(place.kind) && !place.path.hasSuffix(".safetensors")
        }
        return hasItsNames(names) || names.contains { isWeights($0, in: place.path) }
    }

    /// Whether a folder has the files that transformers looks for.
    static func hasItsNames(_ names: [String]) -> Bool { files("").hasItsNames(names) }

    package static func open(_ place: ModelPlace, base: OpenModel?) throws -> ModelContents {
        try files(place.path).contents(place)
    }

    private static func files(_ folder: String) -> WeightFiles {
        WeightFiles(
            form: "PyTorch", single: "pytorch_model.bin", isWeights: { isWeights($0, in: folder) },
            open: { path, notices in
                let file = try PyTorchFile(path)
                notices += file.notices
                return file.tensors
            })
    }

    /// Whether a file of a folder may hold its weights: by its ending, by what a training leaves beside them, and by its bytes.
    static func isWeights(_ name: String, in folder: String) -> Bool {
        guard let dot = name.lastIndex(of: "."), fileExtensions.contains(String(name[name.index(after: dot)...])),
            !others.contains(where: name.hasPrefix), !name.contains("optim_states")
        else { return false }
        return [.zip, .pickle].contains(FileKind(path: folder + "/" + name))
    }

    private static let others = [
        "adapter_", "optimizer", "scheduler", "scaler", "rng_state", "random_states", "training_args",
    ]
}
