/// The code that a configuration names in `auto_map`.
package struct AutoMap {
    /// One class: in a file beside the configuration, or in another repository.
    package struct Reference: Hashable {
        /// The file, such as `modeling_x.py`.
        package var module: String?
        /// The repository that it is fetched from.
        package var repository: String?
    }

    /// What is named, each once, in order.
    package private(set) var references: [Reference] = []

    /// Reads the text of a configuration; nothing where there is none.
    package init(_ text: String?) {
        guard let text, text.contains("\"auto_map\""),
            let map = ConfigText.object(text)?["auto_map"]
        else { return }
        // Old tokenizers have a list, or a slow and a fast class.
        let values = map.object?.members.sorted { $0.name < $1.name }.map(\.value) ?? [map]
        for name in values.flatMap({ $0.array ?? [$0] }).compactMap(\.string) {
            let reference: Reference
            if let cut = name.range(of: "--") {
                reference = Reference(repository: String(name[..<cut.lowerBound]))
            } else {
                let module = name.split(separator: ".").dropLast().joined(separator: "/")
                reference = Reference(module: module + ".py")
            }
            if !references.contains(reference) { references.append(reference) }
        }
    }
}
