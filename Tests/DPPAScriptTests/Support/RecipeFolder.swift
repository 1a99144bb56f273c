import DPPA
import DPPAScript
import Foundation
import Synchronization

/// A folder with a recipe that goes away with the test.
final class RecipeFolder {
    let path: String
    /// What the last recipe has printed.
    private(set) var printed: [String] = []

    init() throws {
        path = NSTemporaryDirectory() + "dppa-recipes-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path + "/lib", withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, _ name: String) throws -> String {
        try text.write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
        return path + "/" + name
    }

    /// A file with one float32 vector x = [1, 2, 3, 4].
    func addSideTensor(_ name: String) throws { try addVectors(name, ["x"]) }

    /// A file with float32 tensors [1, 2, 3, 4] of some names.
    func addVectors(_ name: String, _ tensors: [String], shape: [Int] = [4]) throws {
        let entries = tensors.enumerated().map { index, tensor in
            #""\#(tensor)":{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(16 * index),\#(16 * index + 16)]}"#
        }
        var header = Array("{\(entries.joined(separator: ","))}".utf8)
        while header.count % 8 != 0 { header.append(32) }
        var bytes = withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init) + header
        for _ in tensors {
            for value: Float in [1, 2, 3, 4] { bytes += withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init) }
        }
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
    }

    /// The error of a run; nil if it succeeds.
    func error(_ recipe: String, change: (inout ScriptLimits) -> Void = { _ in }) -> DPPAError? {
        var request = RecipeRun.Request(out: path + "/out")
        request.force = true
        change(&request.limits)
        do {
            let lines = Mutex<[String]>([])
            defer { printed = lines.withLock { $0 } }
            _ = try RecipeRun(recipe).run(request, print: { line in lines.withLock { $0.append(line) } })
            return nil
        } catch {
            return error as? DPPAError ?? DPPAError(.internalFault, "\(error)")
        }
    }
}
