import DPPASupport
import Foundation

/// The files beside the weights of a model: those that go along with a model that is made of it, and those that stay.
///
/// All that is small goes along, in the folder and one level below it, but for what `StayingFile` names. What is there for its
/// name alone (`SidecarFile.other`), or in a folder, must be the model's own and no larger than `sizeLimit`.
package struct SideFiles {
    /// What goes along, by path from the folder, in order.
    package private(set) var carried: [String] = []
    /// What stays, as a message tells of it, in order.
    package private(set) var left: [String] = []
    private let folder: String
    private let bounds: FolderBounds
    private let hasCode: Bool

    /// The largest file that goes along for being there, and the most bytes and files of a folder.
    private static let sizeLimit = 64 << 20
    private static let countLimit = 64

    /// Looks through a folder whose weights are in some of its files; a model that is a single file has nothing beside it.
    package init(_ folder: String, weightFiles: [String]) {
        let names = (try? ModelPlace.list(folder)) ?? []
        self.folder = folder
        bounds = FolderBounds(folder)
        hasCode =
            names.contains { $0.hasSuffix(".py") }
            && names.contains { name in
                name.hasSuffix(".json") && name.contains("config")
                    && !AutoMap(try? ModelPlace.text(folder + "/" + name, limit: 64 << 20)).references.isEmpty
            }
        let read = Set(weightFiles)
        for name in names where !read.contains(folder + "/" + name) {
            if isFolder(name) { addFolder(name, read) } else { addFile(name) }
        }
    }

    private mutating func addFile(_ name: String) {
        guard let kind = SidecarFile(name, hasCode: hasCode) else {
            if StayingFile(name) != .ofFolder { left.append(name.shown) }
            return
        }
        if let fault = fault(name, kind) {
            left.append("\(name.shown) (\(fault))")
        } else {
            carried.append(name)
        }
    }

    /// The files of a folder, unless it is a model of its own.
    private mutating func addFolder(_ name: String, _ read: Set<String>) {
        if let kind = StayingFile(folder: name) {
            if kind != .ofFolder { left.append("\(name.shown)/") }
            return
        }
        var files = (try? ModelPlace.list(folder + "/" + name))?.map { "\(name)/\($0)" } ?? []
        files.removeAll { read.contains(folder + "/" + $0) }
        let size = files.reduce(0) { $0 + (status($1).map { Int($0.st_size) } ?? 0) }
        guard !files.contains(where: StayingFile.isWeights), files.count <= Self.countLimit, size <= Self.sizeLimit
        else {
            left.append("\(name.shown)/")
            return
        }
        let (countCarried, countLeft) = (carried.count, left.count)
        for file in files {
            if !isFolder(file) {
                addFile(file)
            } else if name == SidecarFile.licences {
                for inner in (try? ModelPlace.list(folder + "/" + file)) ?? [] { addFile("\(file)/\(inner)") }
            } else if StayingFile(file) != .ofFolder {
                left.append("\(file.shown)/")
            }
        }
        if carried.count == countCarried, left.count > countLeft {
            left.removeSubrange(countLeft...)
            left.append("\(name.shown)/")
        }
    }

    /// Why a file does not go along although its kind does; nil when it does.
    private func fault(_ name: String, _ kind: SidecarFile) -> String? {
        let path = folder + "/" + name
        guard let status = status(name) else { return "a link to a file that is not there" }
        guard status.st_mode & S_IFMT == S_IFREG else { return "no regular file" }
        let isJSON = name.hasSuffix(".json")
        if isJSON || status.st_size < 1024, let found = FileKind(path: path), found.isLeftByDownload,
            isJSON || found != .page
        {
            return found.description
        }
        guard kind == .other || name.contains("/") else { return nil }
        if status.st_size > Self.sizeLimit { return ByteCount.memory(Int(status.st_size)) }
        return bounds.hold(path) ? nil : "a link out of the folder"
    }

    private func isFolder(_ name: String) -> Bool { status(name).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false }

    /// What the system says of a file, through links.
    private func status(_ name: String) -> stat? {
        var status = stat()
        return fstatat(AT_FDCWD, folder + "/" + name, &status, 0) == 0 ? status : nil
    }
}
