/// Safetensors: a file, or a folder with one file or with several and an index.
package enum SafetensorsModel: ModelFormat {
    package static let fileExtensions = ["safetensors"]

    private static let files = WeightFiles(
        form: "safetensors", single: "model.safetensors", isWeights: isWeights,
        open: { path, _ in
            try SafetensorsFile(path).tensors.map { FileTensor(name: $0.name, source: $0, path: path) }
        })

    /// A file that cannot be told is taken for one, and its reader says what is wrong with it.
    ///
    /// Of a file of another name transformers knows nothing where there is a `pytorch_model.bin`.
    package static func recognises(_ place: ModelPlace) -> Bool {
        guard let names = place.names else { return place.kind == nil }
        return files.hasItsNames(names) || names.contains(where: isWeights) && !PyTorchModel.hasItsNames(names)
    }

    /// Whether a folder has the files that transformers looks for.
    static func hasItsNames(_ names: [String]) -> Bool { files.hasItsNames(names) }

    package static func open(_ place: ModelPlace, base: OpenModel?) throws -> ModelContents {
        try files.contents(place)
    }

    /// Whether a file of a folder may hold its weights, by its name.
    static func isWeights(_ name: String) -> Bool {
        name.hasSuffix(".safetensors") && name != "adapter_model.safetensors"
    }
}
