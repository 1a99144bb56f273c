// swift-tools-version: 6.1
import PackageDescription

// The instruction set that the kernels are compiled for. x86-64-v3 (AVX2) is every x86 server since 2013;
// DPPA_ISA=x86-64 or x86-64-v4 builds the same program for less or more, with the same bytes as its result.
#if arch(x86_64)
    let isa = Context.environment["DPPA_ISA"] ?? "x86-64-v3"
    let instructionSet = ["-march=\(isa)"]
    // The program says what it was built for (`InstructionSet`).
    let named: [SwiftSetting] = [.define("ISA_" + isa.split(separator: "-").joined(separator: "_"))]
#else
    let instructionSet: [String] = []
    let named: [SwiftSetting] = []
#endif
let kernelFlags = instructionSet.flatMap { ["-Xcc", $0] }

let strict: [SwiftSetting] = [.swiftLanguageMode(.v6)]

// Paths, descriptors and error numbers of the system, as types.
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

/// The rooms of the engine from the ground up, each a module of its own that sees those before it, so that the arrows between
/// them are the compiler's to keep.
let rooms = ["Support", "Kernels", "Checkpoint", "Tokenization", "Expression", "Execution", "Evaluation", "Run"]

/// All rooms, which `import DPPA` gives; whoever does not declare them would not be built again after a change in one.
let house = rooms.map { Target.Dependency(stringLiteral: "DPPA\($0)") }

/// A room with what it needs besides; what it does not declare, a change there would not build it again for.
func engine(_ room: String, _ others: [Target.Dependency] = []) -> Target {
    let before = rooms.prefix { $0 != room }.map { Target.Dependency(stringLiteral: "DPPA\($0)") }
    return .target(
        name: "DPPA\(room)", dependencies: before + others, path: "Sources/DPPA/\(room)",
        swiftSettings: strict + named + [.unsafeFlags(kernelFlags)])
}

let package = Package(
    name: "dppa",
    products: [
        .executable(name: "dppa-run", targets: ["dppa-run"]),
        .library(name: "DPPA", targets: ["DPPA"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
        // Without its default trait, which links Foundation a second time for conversions that nothing here uses.
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
        // Reads mergekit's configurations for `dppa-run import`.
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        // Headers come from liblua5.4-dev; no pkg-config, so that a plain `swift build` needs no more than that package.
        .target(name: "CLua", linkerSettings: [.linkedLibrary("lua5.4")]),
        // Headers and library come from libopenblas-dev.
        .target(name: "COpenBLAS", linkerSettings: [.linkedLibrary("openblas")]),
        // Products by the tiles of newer processors, which it asks for when it runs.
        .target(name: "CTiles"),
        // The header comes from libxxhash-dev, and there is no library to link.
        .target(name: "CXXHash", cSettings: [.unsafeFlags(instructionSet)]),
        engine("Support", ["CXXHash", system]),
        engine("Kernels", ["COpenBLAS", "CTiles"]),
        engine("Checkpoint", [system]),
        engine("Tokenization"),
        engine("Expression"),
        engine("Execution"),
        engine("Evaluation", [.product(name: "Subprocess", package: "swift-subprocess"), system]),
        engine("Run", [system]),
        // `import DPPA` gives all of them.
        .target(
            name: "DPPA", dependencies: house,
            path: "Sources/DPPA", exclude: rooms, sources: ["DPPA.swift"],
            swiftSettings: strict),
        .target(
            name: "DPPAScript", dependencies: house + ["CLua", "DPPA", system],
            // What ships inside the program: the recipe language's own modules.
            resources: [.embedInCode("Library")],
            swiftSettings: strict),
        // Recipes made of other programs' files; sees no model and runs nothing.
        .target(name: "DPPAImport", dependencies: ["DPPASupport", "Yams"], swiftSettings: strict),
        .executableTarget(
            name: "dppa-run",
            dependencies: house + [
                "DPPA", "DPPAScript", "DPPAImport", system,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DPPATests", dependencies: house + ["DPPA", system], exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "DPPAScriptTests", dependencies: house + ["CLua", "DPPAScript", "DPPA"], exclude: ["Sandbox/Attacks"],
            swiftSettings: strict),
        .testTarget(
            name: "DPPARunTests", dependencies: house + ["DPPA", "DPPAScript", "DPPAImport", "dppa-run"],
            exclude: ["Fixtures", "Ranks/slurm.sh"],
            swiftSettings: strict),
    ]
)
