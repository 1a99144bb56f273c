import Foundation

/// Whether this processor can run the kernels of this build.
enum Processor {
    /// What is wrong with the processor, in words; nil if nothing is.
    static var complaint: String? {
        #if arch(x86_64) && os(Linux)
            guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return nil }
            return complaint(cpuinfo: text, needed: ["avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "abm"])
        #else
            return nil
        #endif
    }

    /// The same for the text of /proc/cpuinfo and the features that a build needs.
    static func complaint(cpuinfo text: String, needed: [String]) -> String? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("flags") }) else { return nil }
        let flags = Set(line.split(separator: " ").map(String.init))
        let missing = needed.filter { !flags.contains($0) }
        guard !missing.isEmpty else { return nil }
        return """
            error: this processor is too old for this build of dppa-run: it lacks \(missing.joined(separator: ", "))
            note: the build is for x86-64-v3 (AVX2); on this machine build it with DPPA_ISA=x86-64 swift build -c release
            """
    }
}
