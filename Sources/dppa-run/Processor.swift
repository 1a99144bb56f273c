import DPPA
import Foundation

/// Whether this processor can run the kernels of this build.
enum Processor {
    /// What is wrong with the processor, in words; nil if nothing is.
    static var complaint: String? {
        let missing = InstructionSet.needed.filter { !features.contains($0) }
        guard !features.isEmpty, !missing.isEmpty else { return nil }
        return """
            error: this processor is too old for this build of dppa-run: it lacks \(missing.joined(separator: ", "))
            note: the build is for \(InstructionSet.name); build it for this machine with DPPA_ISA=x86-64 swift build -c release
            """
    }

    /// Starts the program again with better kernels of OpenBLAS, where it does not know the processor.
    ///
    /// A version knows the processors of its day and takes the oldest kernels on others, which are several times slower. It
    /// chooses when it is loaded, before anything here runs; OPENBLAS_CORETYPE, which is respected, is how to tell it.
    static func useItsKernels() {
        guard getenv("OPENBLAS_CORETYPE") == nil, let family = MatrixProduct.betterProcessor(features: features) else {
            return
        }
        setenv("OPENBLAS_CORETYPE", family, 1)
        execv("/proc/self/exe", CommandLine.unsafeArgv)
    }

    /// What the processor has, by Linux's names; nothing where nobody tells.
    private static let features: Set<String> = {
        #if arch(x86_64) && os(Linux)
            let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
            let line = text.split(separator: "\n").first { $0.hasPrefix("flags") } ?? ""
            return Set(line.split(separator: " ").map(String.init))
        #else
            return []
        #endif
    }()
}
