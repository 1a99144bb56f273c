import DPPAScript
import Foundation
import Testing

/// The modules that ship: every file of the folder is in the list, so that no new one is forgotten.
@Suite struct LibraryListTests {
    @Test func everyFileOfTheLibraryIsListed() throws {
        let folder = NSString(string: #filePath).deletingLastPathComponent + "/../../Sources/DPPAScript/Library"
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(files.sorted() == LibraryTexts.all.keys.map { $0 + ".lua" }.sorted())
        for (name, text) in LibraryTexts.all {
            #expect(try String(contentsOfFile: "\(folder)/\(name).lua", encoding: .utf8) == text, "\(name)")
        }
    }
}
