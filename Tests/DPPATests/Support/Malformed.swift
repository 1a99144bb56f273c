import DPPA
import Testing

/// One way in which a file can be wrong, and what its reader says to it.
struct Malformed: Sendable, CustomTestStringConvertible {
    let name: String
    let code: DPPAError.Code
    /// What the error says, somewhere in its headline, notes and cause.
    let words: [String]
    /// Made when it is needed: some are large.
    let bytes: @Sendable () -> [UInt8]

    var testDescription: String { name }

    init(
        _ name: String, _ words: [String], code: DPPAError.Code = .data, bytes: @escaping @Sendable () -> [UInt8]
    ) {
        (self.name, self.code, self.words, self.bytes) = (name, code, words, bytes)
    }

    /// A text.
    init(_ name: String, _ text: String, _ words: String...) {
        self.init(name, words) { Array(text.utf8) }
    }

    /// The same with an error of another class.
    func coded(_ code: DPPAError.Code) -> Malformed { Malformed(name, words, code: code, bytes: bytes) }

    /// Writes the file and expects the error of its reader, a short one, and nothing else in the directory afterwards.
    func expectRefusal(
        in folder: TestFolder, as file: String, sourceLocation: SourceLocation = #_sourceLocation,
        _ read: (String) throws -> Void
    ) throws {
        let path = try folder.write(bytes(), file)
        let directory = file.split(separator: "/").dropLast().joined(separator: "/")
        let before = try folder.entries(directory)
        expectError(code, words, sourceLocation: sourceLocation) {
            do { try read(path) } catch let error as DPPAError {
                #expect(error.message.utf8.count < 2000, sourceLocation: sourceLocation)
                let isPlain = error.message.utf8.allSatisfy { $0 >= 32 && $0 != 127 }
                #expect(isPlain, sourceLocation: sourceLocation)
                throw error
            }
        }
        #expect(try folder.entries(directory) == before, sourceLocation: sourceLocation)
    }
}
