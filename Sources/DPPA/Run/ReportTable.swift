import Foundation

/// A table that a recipe adds to the report of its run.
public struct ReportTable: Sendable {
    /// What stands in one place of a table.
    public enum Cell: Sendable {
        case number(Double)
        case text(String)
        case nothing

        /// The cell in words: numbers with at most six significant digits.
        public var text: String {
            switch self {
            case .number(let value):
                value == value.rounded() && value.magnitude < 1e15 ? String(Int(value)) : String(format: "%.6g", value)
            case .text(let text): text
            case .nothing: "–"
            }
        }
    }

    /// The headline.
    public var name: String
    /// The names of the columns.
    public var columns: [String]
    /// The rows, each as long as the columns.
    public var rows: [[Cell]]

    /// A table.
    public init(name: String, columns: [String], rows: [[Cell]]) {
        self.name = name
        self.columns = columns
        self.rows = rows
    }
}
