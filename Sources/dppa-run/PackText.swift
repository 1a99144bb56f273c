import DPPA
import Foundation

/// What a pack holds, by coding or by tensor.
struct PackText {
    private let report: PackReport

    init(_ report: PackReport) { self.report = report }

    /// Lines under a heading: what differs, what it takes, and what its places and words would take by their entropy.
    func lines(listing tensors: Bool) -> [String] {
        let groups = Dictionary(grouping: report.tensors, by: \.coding)
        let codings = groups.keys.sorted { (Self.bytes(groups[$1]), $0) < (Self.bytes(groups[$0]), $1) }
        var rows = [["coding", "tensors", "elements", "differ", "bytes", "by entropy"]]
        for coding in codings {
            let own = groups[coding] ?? []
            rows.append([coding, "\(own.count)"] + Self.figures(own))
        }
        rows.append(["all", "\(report.tensors.count)"] + Self.figures(report.tensors))
        var lines = TextTable.lines(rows)
        guard tensors else { return lines }
        lines +=
            [""]
            + TextTable.lines(
                [["tensor", "type", "elements", "differ", "bytes", "by entropy", "coding"]]
                    + report.tensors.map { tensor in
                        [tensor.name.shown, tensor.dtype.rawValue] + Self.figures([tensor])
                            + [tensor.coding + (tensor.lost.map { ", \(PackReport.percent($0)) lost" } ?? "")]
                    })
        return lines
    }

    private static func bytes(_ tensors: [PackReport.Tensor]?) -> Int {
        tensors?.reduce(0) { $0 + $1.byteCount } ?? 0
    }

    /// Elements, the share that differs, bytes, and bytes by entropy.
    private static func figures(_ tensors: [PackReport.Tensor]) -> [String] {
        let count = tensors.reduce(0) { $0 + $1.count }
        let changed = tensors.reduce(0) { $0 + ($1.changed ?? $1.count) }
        return [
            "\(count)", PackReport.percent(Double(changed) / Double(max(1, count))),
            ByteCount.words(bytes(tensors)),
            ByteCount.words(Int(tensors.reduce(0) { $0 + $1.entropyBytes }.rounded(.up))),
        ]
    }
}
