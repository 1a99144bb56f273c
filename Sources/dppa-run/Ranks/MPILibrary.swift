import DPPASupport
import Foundation

/// The functions of the library.
struct MPILibrary: @unchecked Sendable {
    let open: @convention(c) (UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>) -> Int32
    typealias Exchange =
        @convention(c) (
            UnsafeRawPointer?, Int32, UnsafeMutableRawPointer, UnsafePointer<Int32>?, UnsafePointer<Int32>?
        ) -> Int32
    let gather: Exchange
    let collect: Exchange
    let deliver:
        @convention(c) (
            UnsafeRawPointer?, UnsafePointer<Int32>?, UnsafePointer<Int32>?, UnsafeMutableRawPointer,
            UnsafePointer<Int32>?, UnsafePointer<Int32>?
        ) -> Int32
    let test: @convention(c) (UnsafeMutablePointer<Int32>) -> Int32
    let signal: @convention(c) (Int32, Int32) -> Int32
    let isSignalled: @convention(c) (UnsafeMutablePointer<Int32>) -> Int32
    let close: @convention(c) () -> Void
    private let errorWords: @convention(c) (Int32, UnsafeMutablePointer<CChar>, Int32) -> Void

    private static let fileName = "libdppa-mpi.so"

    /// Beside the program, or where `make install` puts it.
    private static var places: [String] {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        return [
            program.appendingPathComponent(fileName).path,
            program.deletingLastPathComponent().appendingPathComponent("lib/dppa/\(fileName)").path,
        ]
    }

    init(_ launcher: Launcher) throws {
        let asked = ProcessInfo.processInfo.environment["DPPA_MPI"]
        let places = asked.map { [$0] } ?? Self.places
        var reasons: [String] = []
        var found: UnsafeMutableRawPointer?
        for place in places where found == nil {
            guard access(place, F_OK) == 0 else {
                reasons.append("there is no \(place)")
                continue
            }
            // Parts of MPI that it opens itself look for its symbols.
            found = dlopen(place, RTLD_NOW | RTLD_GLOBAL)
            if found == nil { reasons.append(dlerror().map { String(cString: $0) } ?? "\(place) cannot be opened") }
        }
        guard let handle = found else {
            throw DPPAError(
                .missingInput,
                "\(launcher.name) has started \(launcher.size) processes, and the library for MPI is missing",
                notes: reasons + [
                    "build it where the MPI is: make mpi, which puts it beside the program; or name it in DPPA_MPI"
                ])
        }
        func function<Function>(_ name: String, _: Function.Type) throws -> Function {
            guard let address = dlsym(handle, "dppa_ranks_" + name) else {
                throw DPPAError(
                    .missingInput, "the library for MPI has no dppa_ranks_\(name)",
                    notes: ["it belongs to another version: build it again with make mpi"])
            }
            return unsafeBitCast(address, to: Function.self)
        }
        open = try function("open", type(of: open))
        gather = try function("gather", type(of: gather))
        collect = try function("collect", type(of: collect))
        deliver = try function("deliver", type(of: deliver))
        test = try function("test", type(of: test))
        signal = try function("signal", type(of: signal))
        isSignalled = try function("is_signalled", type(of: isSignalled))
        close = try function("close", type(of: close))
        errorWords = try function("words", type(of: errorWords))
    }

    func words(_ error: Int32) -> String {
        var text = [CChar](repeating: 0, count: 512)
        errorWords(error, &text, Int32(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
