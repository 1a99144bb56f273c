/// The one error type of the project: what went wrong, where, and how to mend it.
///
/// `message` is a headline: lower case, no full stop, and it names what was got and what was expected.
/// Everything that helps to mend it goes into `notes`, one sentence each.
public struct DPPAError: Error, Sendable {
    /// The class of an error; its raw value is the exit code of `dppa-run` (sysexits).
    public enum Code: Int32, Sendable {
        /// The command line asks for something that does not exist.
        case usage = 64
        /// A recipe or a checkpoint says something that cannot be.
        case data = 65
        /// An input is not there or cannot be opened.
        case missingInput = 66
        /// A fault of this program.
        case internalFault = 70
        /// The output cannot be created.
        case cannotCreate = 73
        /// Reading or writing failed half-way.
        case inputOutput = 74
        /// A limit was reached: memory, instructions, time, nodes.
        case limit = 75
        /// The person at the keyboard stopped the run.
        case interrupted = 130
    }

    /// A place in a recipe.
    public struct Location: Sendable, Hashable {
        /// The recipe file as the user named it.
        public var file: String
        /// The line, counted from 1.
        public var line: Int
        /// The first column of the offending text, counted from 1 in characters; 0 if only the line is known.
        public var column: Int
        /// How many characters the caret underlines; at least 1 when `column` is known.
        public var length: Int

        /// A place in a recipe, by file and line, and by column where it is known.
        public init(file: String, line: Int, column: Int = 0, length: Int = 0) {
            self.file = file
            self.line = line
            self.column = column
            self.length = length
        }
    }

    /// The class of the error.
    public var code: Code
    /// The headline.
    public var message: String
    /// What helps to mend it, one sentence each.
    public var notes: [String]
    /// Where in a recipe it happened, if it happened there.
    public var location: Location?
    /// The lower-level error behind it, in words.
    public var cause: String?

    /// An error with its headline and the notes that help to mend it.
    public init(
        _ code: Code, _ message: String, notes: [String] = [], location: Location? = nil, cause: String? = nil
    ) {
        self.code = code
        self.message = message
        self.notes = notes
        self.location = location
        self.cause = cause
    }
}
