import DPPASupport

/// Where the models of one output and their small files come to lie, so that none of them lies where another one's file goes.
package struct SavedPlaces {
    private var names: Set<String> = []
    /// The small file at each place, or below it, by path from the output.
    private var files: [String: String] = [:]

    package init() {}

    /// Adds a model with its small files; without a name it is the output itself.
    ///
    /// Throws `data` when it lies where a file of another one goes, or one of its files where another one lies.
    package mutating func add(_ name: String?, files own: [String]) throws {
        if let name, let file = files[name] { throw Self.collision(name, file) }
        for file in own {
            var place = name
            for part in file.split(separator: "/") {
                let next = (place.map { $0 + "/" } ?? "") + part
                if names.contains(next) { throw Self.collision(next, file) }
                files[next] = files[next] ?? file
                place = next
            }
        }
        if let name { names.insert(name) }
    }

    private static func collision(_ name: String, _ file: String) -> DPPAError {
        DPPAError(
            .data, "save: '\(name)' is where \(file.shown) of another model is written",
            notes: ["it goes along from the folder of that model; save under another name"])
    }
}
