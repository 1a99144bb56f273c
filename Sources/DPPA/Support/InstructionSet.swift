/// The instruction set that this build was compiled for; `Package.swift` chooses it.
package enum InstructionSet {
    /// Its name, such as `x86-64-v3`.
    package static var name: String {
        #if arch(arm64)
            "arm64"
        #elseif ISA_x86_64_v4
            "x86-64-v4"
        #elseif ISA_x86_64_v3
            "x86-64-v3"
        #elseif ISA_x86_64
            "x86-64"
        #else
            "another x86-64"
        #endif
    }

    /// What a processor has to have for it, by Linux's names in /proc/cpuinfo; what every processor of the kind has is left out.
    package static var needed: [String] {
        #if ISA_x86_64_v3 || ISA_x86_64_v4
            let features = ["avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "abm"]
            #if ISA_x86_64_v4
                return features + ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]
            #else
                return features
            #endif
        #else
            return []
        #endif
    }
}
