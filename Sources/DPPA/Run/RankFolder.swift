import DPPASupport
import Foundation

/// The folder of a rank that writes for the first one to collect, in the place for temporary files; it goes away with this, and at
/// the end of the program.
package final class RankFolder: Sendable {
    /// Where results are written; the journal is beside it.
    package let path: String
    private let whole: String
    private let cleanup: Cleanup.Token

    /// Makes a folder of its own for a rank.
    package init(_ rank: Int) throws {
        let whole = NSTemporaryDirectory() + "dppa-rank-\(rank)-\(OutputPlace.randomName())"
        (self.whole, path) = (whole, whole + "/draft")
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            throw DPPAError(
                .cannotCreate, "cannot make a folder for what this rank writes: \(path)",
                notes: ["TMPDIR says where such folders are made"], cause: error.localizedDescription)
        }
        cleanup = Cleanup.add { try? FileManager.default.removeItem(atPath: whole) }
    }

    deinit { try? FileManager.default.removeItem(atPath: whole) }
}
