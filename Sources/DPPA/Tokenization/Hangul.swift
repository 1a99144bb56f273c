import Foundation

/// Canonical composition, with the letters of Hangul composed here.
///
/// Foundation composes jamo that have no syllables, such as U+1113 U+1161, and takes U+11A7 for a final letter; Hangul is arithmetic
/// (Unicode, section 3.12), and nothing else composes with its letters, so runs of them are done apart.
enum Hangul {
    private static let leading: ClosedRange<UInt32> = 0x1100...0x1112
    private static let vowels: ClosedRange<UInt32> = 0x1161...0x1175
    private static let trailing: ClosedRange<UInt32> = 0x11A8...0x11C2
    private static let syllables: ClosedRange<UInt32> = 0xAC00...0xD7A3
    private static let letters: ClosedRange<UInt32> = 0x1100...0x11FF

    /// The form NFC of a text.
    static func composed(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { letters.contains($0.value) }) else {
            return text.precomposedStringWithCanonicalMapping
        }
        var result = ""
        var (run, other) = (String.UnicodeScalarView(), String.UnicodeScalarView())
        for scalar in text.unicodeScalars {
            if letters.contains(scalar.value) || syllables.contains(scalar.value) {
                if !other.isEmpty {
                    result.unicodeScalars += String(other).precomposedStringWithCanonicalMapping.unicodeScalars
                }
                other = String.UnicodeScalarView()
                join(scalar, to: &run)
            } else {
                result.unicodeScalars += run
                run = String.UnicodeScalarView()
                other.append(scalar)
            }
        }
        result.unicodeScalars += run
        result.unicodeScalars += String(other).precomposedStringWithCanonicalMapping.unicodeScalars
        return result
    }

    /// Appends a letter or a syllable to a run, as one with its last where the two make a syllable.
    private static func join(_ scalar: Unicode.Scalar, to run: inout String.UnicodeScalarView) {
        guard let last = run.last?.value else { return run.append(scalar) }
        var value: UInt32?
        if leading.contains(last), vowels.contains(scalar.value) {
            value = syllables.lowerBound + ((last - leading.lowerBound) * 21 + scalar.value - vowels.lowerBound) * 28
        } else if syllables.contains(last), (last - syllables.lowerBound) % 28 == 0, trailing.contains(scalar.value) {
            value = last + scalar.value - 0x11A7
        }
        guard let joined = value.flatMap(Unicode.Scalar.init) else { return run.append(scalar) }
        run.removeLast()
        run.append(joined)
    }
}
