/// What a text names as a model: one as it lies there, or `base+adapter+…`, a model with adapters or packs on it.
package struct AdaptedPath {
    private let parts: [String]

    /// The parts of a text; `isModel` says whether it names what is there as a whole, because a path may have a + in it.
    package init(_ written: String, isModel: (String) -> Bool) {
        let parts = Self.parts(written)
        self.parts = parts.count > 1 && !isModel(written) ? parts : [written]
    }

    /// What stands between the + of a text.
    package static func parts(_ written: String) -> [String] { written.split(separator: "+").map(String.init) }

    /// Opens each part by `open`, which gets its text, its label, and, of an adapter, what it goes onto.
    ///
    /// Without a label the model has those of all its parts, unless the text has one: `label=base+adapter`. Throws what
    /// opening throws, and `data` when what stands behind a + is no adapter.
    package func open(
        label: String?, _ open: (_ text: String, _ label: String?, _ base: OpenModel?) throws -> OpenModel
    ) throws -> OpenModel {
        guard parts.count > 1 else { return try open(parts[0], label, nil) }
        var model = try open(parts[0], nil, nil)
        var name = label ?? model.label
        for part in parts.dropFirst() {
            let adapter = try open(part, nil, model)
            if label == nil, !parts[0].contains("=") { name += "+" + adapter.label }
            model = try model.adding(adapter, label: name)
        }
        return model
    }
}
