import DPPASupport
import Foundation
import SystemPackage

extension Checkpoint {
    /// What tells this checkpoint from another one at the same path: path, names, sizes and times of change of its files.
    ///
    /// Reading the weights would tell more, and cost more than a score that is remembered is worth.
    package var stamp: UInt128 {
        var hash = Fingerprint()
        hash.add(FilePath(path).real?.string ?? path)
        var isDirectory: ObjCBool = false
        let isFolder = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
        let names = isFolder ? ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() : []
        let weights = names.filter { $0.hasSuffix(".safetensors") || $0 == "config.json" || $0 == "tokenizer.json" }
        for name in isFolder ? weights : [""] {
            var status = stat()
            guard fstatat(AT_FDCWD, isFolder ? path + "/" + name : path, &status, 0) == 0 else { continue }
            hash.add(name)
            hash.add(UInt64(bitPattern: Int64(status.st_size)))
            #if canImport(Darwin)
                let time = status.st_mtimespec
            #else
                let time = status.st_mtim
            #endif
            hash.add(UInt64(bitPattern: Int64(time.tv_sec)))
            hash.add(UInt64(bitPattern: Int64(time.tv_nsec)))
        }
        return hash.value
    }
}
