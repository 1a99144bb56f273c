import DPPASupport
import Foundation
import SystemPackage

/// What a folder of a model holds by its names: what may be replaced with it, and what is somebody else's.
package enum ModelFolder {
    /// Whether a file of this name belongs to a model.
    package static func owns(file name: String) -> Bool {
        let path = FilePath(name)
        let exact: Set<String> = [
            "config.json", "README.md", ".gitattributes", "model.safetensors.index.json", "recipe.lock.json",
            // Of earlier versions.
            "recipe.json",
            "diffusion_pytorch_model.safetensors.index.json", "adapter_config.json",
        ]
        if exact.contains(name) || SidecarFile.known.contains(name) { return true }
        if let kind = SidecarFile(name, hasCode: true), kind != .other { return true }
        return ["safetensors", "lua"].contains(path.extension ?? "")
    }

    /// Whether a folder of this name belongs to a model, and is none itself.
    package static func owns(folder name: String) -> Bool {
        ["additional_chat_templates", "lib", SidecarFile.licences].contains(name)
    }

    /// What in a folder belongs to no model, by path from there, and whether there are weights.
    ///
    /// A folder in it is a model of its own, or holds templates, licences or Lua files that belong to one. Whatever else has
    /// gone along with a model is named by the recipe.lock.json beside it.
    package static func contents(_ folder: FilePath, depth: Int = 0) -> (foreign: [String], hasWeights: Bool) {
        var (foreign, hasWeights): ([String], Bool) = ([], false)
        let carried = carried(folder).union(SidecarFile.known)
        for name in names(folder) {
            let path = folder.appending(name)
            var status = stat()
            guard lstat(path.string, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                if !owns(file: name), !carried.contains(name) { foreign.append(name) }
                hasWeights = hasWeights || name.hasSuffix(".safetensors")
                continue
            }
            if name == "additional_chat_templates" || name == "lib" {
                let ending = name == "lib" ? ".lua" : ".jinja"
                foreign += names(path).filter { !$0.hasSuffix(ending) }.map { "\(name)/\($0)" }
                continue
            }
            if name == SidecarFile.licences {
                for model in names(path) {
                    let inside = names(path.appending(model))
                    let others = inside.filter { !owns(file: $0) }.map { "\(name)/\(model)/\($0)" }
                    foreign += inside.isEmpty ? ["\(name)/\(model)"] : others
                }
                continue
            }
            let files = names(path).map { "\(name)/\($0)" }
            if !files.isEmpty, files.allSatisfy(carried.contains) { continue }
            let inner = depth < 4 ? contents(path, depth: depth + 1) : (foreign: [], hasWeights: false)
            foreign += inner.hasWeights ? inner.foreign.map { "\(name)/\($0)" } : [name + "/"]
            hasWeights = hasWeights || inner.hasWeights
        }
        return (foreign, hasWeights)
    }

    /// The files of no kind of their own that a run has written into a model's folder, by path from there.
    private static func carried(_ folder: FilePath) -> Set<String> {
        let path = folder.appending("recipe.lock.json").string
        guard let bytes = try? FileDescriptor.contents(path, limit: 256 << 20),
            let record = try? JSONObject(bytes, file: path)
        else { return [] }
        return Set(record["carried"]?.array?.compactMap(\.string) ?? [])
    }

    /// The names in a folder, sorted; but those of a run's own folders.
    package static func names(_ folder: FilePath) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []
        return names.filter { !$0.hasPrefix(".dppa") }.sorted()
    }
}
