import DPPASupport
import SystemPackage

/// What is a model folder's own: what lies in it, and where it is a snapshot of the Hugging Face cache, the blobs beside it.
package struct FolderBounds {
    private let folder: FilePath?
    private let blobs: FilePath?

    package init(_ path: String) {
        folder = FilePath(path).real
        let parent = folder?.removingLastComponent()
        blobs = parent?.name == "snapshots" ? parent?.removingLastComponent().appending("blobs").real : nil
    }

    /// Whether a file is its own, judged by where it leads; what is not there is nobody's.
    package func hold(_ path: String) -> Bool {
        guard let file = FilePath(path).real else { return false }
        return [folder, blobs].contains { $0?.holds(file) == true }
    }
}
