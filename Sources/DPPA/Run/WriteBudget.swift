import DPPASupport
import Foundation

/// How many bytes of weights a run may write, in models and in candidates that another program scores.
public final class WriteBudget {
    private let limit: Int
    private var written = 0

    /// A budget of so many bytes.
    public init(_ limit: Int) { self.limit = limit }

    /// Takes the bytes of models that are about to be written.
    ///
    /// Throws `limit` when there are not so many left.
    func take(_ bytes: Int) throws {
        let (sum, isTooLarge) = written.addingReportingOverflow(bytes)
        guard !isTooLarge, sum <= limit else {
            throw DPPAError(
                .limit,
                "the recipe would write \(Self.words(sum)); the limit is \(Self.words(limit))",
                notes: ["allow more with --limit-written, if you trust the recipe"])
        }
        written = sum
    }

    /// In powers of 1000, as sizes of files are given.
    private static func words(_ bytes: Int) -> String {
        String(
            format: bytes < 1_000_000_000 ? "%.1f MB" : "%.1f GB", Double(bytes) / (bytes < 1_000_000_000 ? 1e6 : 1e9))
    }
}
