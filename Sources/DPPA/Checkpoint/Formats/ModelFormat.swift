/// A form in which models come, one file each; `ModelFormats.all` lists them.
///
/// A format says which tensors there are and where their elements come from. Everything else is the same for all of them:
/// what names tell (`TensorNaming`), config.json, small files, stamps.
package protocol ModelFormat: Sendable {
    /// The endings of the names of single files, without which they name a model.
    static var fileExtensions: [String] { get }

    /// Whether a place holds a model of this form, by names and first bytes.
    static func recognises(_ place: ModelPlace) -> Bool

    /// Opens it without reading weights; `base` is what a form without names and shapes of its own takes them from.
    ///
    /// Throws `missingInput` and `data` errors that name the file.
    static func open(_ place: ModelPlace, base: OpenModel?) throws -> ModelContents
}

/// What a format finds.
package struct ModelContents {
    /// The tensors by name, in any order.
    package var tensors: [(name: String, source: any TensorSource)]
    /// What their numbers are: weights, or the differences to those of a base.
    package var space = Space.model
    /// The files that the tensors are in.
    package var files: [String]
    /// What was left aside, in words.
    package var notices: [String] = []
    /// The text of config.json where it is not that of the place; nil for that.
    package var config: String?
    /// The model that it was made whole with, whose config.json and small files are its own where the place has none.
    package var base: OpenModel?

    package init(
        _ tensors: [(name: String, source: any TensorSource)], space: Space = .model, files: [String],
        notices: [String] = [], config: String? = nil, base: OpenModel? = nil
    ) {
        self.tensors = tensors
        self.space = space
        self.files = files
        self.notices = notices
        self.config = config
        self.base = base
    }
}

/// The formats that models are read in, in the order in which they are asked.
package enum ModelFormats {
    package static let all: [any ModelFormat.Type] = [
        PackModel.self, SafetensorsModel.self, AdapterModel.self, PyTorchModel.self, GGUFModel.self,
    ]

    /// Whether a file's ending is that of a model.
    package static func knows(fileExtension: String) -> Bool {
        all.contains { $0.fileExtensions.contains(fileExtension) }
    }
}
