// swift-tools-version: 6.0

// Works in the folder that `cargo xtask codegen` puts together, `target/swift`, where the generated
// bindings and the library are.

import Foundation
import PackageDescription

// Built on a Mac by `xcframework.sh`, for iOS, its simulator and macOS. Without it the package is
// for the machine that it was put together on.
let framework = "Parlor.xcframework"
let hasFramework = FileManager.default.fileExists(
    atPath: "\(Context.packageDirectory)/\(framework)")

let library: Target =
    hasFramework
    ? .binaryTarget(name: "parlorFFI", path: framework)
    : .systemLibrary(name: "parlorFFI")

// A static library does not say what it needs of its system.
let systemLibraries: [LinkerSetting] = [
    .linkedFramework("Security", .when(platforms: [.iOS, .macOS])),
    .linkedFramework("SystemConfiguration", .when(platforms: [.iOS, .macOS])),
]
let builtLibrary: [LinkerSetting] = [
    .unsafeFlags(["-L\(Context.packageDirectory)/lib"]),
    .linkedLibrary("parlor"),
]

// On Linux, the Observation library of Swift 6.0 names a function of the runtime that no library has, and that
// is called only where a lock fails.
let observationLibrary: [LinkerSetting] = [
    .unsafeFlags(["-Xlinker", "--allow-shlib-undefined"], .when(platforms: [.linux]))
]

// For the tests alone. A dynamic library, for two static ones of Rust in one program would clash.
let rehearsalLibrary: [LinkerSetting] = [
    .unsafeFlags(["-L\(Context.packageDirectory)/lib"]),
    .unsafeFlags(["-Xlinker", "-rpath", "-Xlinker", "\(Context.packageDirectory)/lib"]),
    .linkedLibrary("parlor_rehearsal"),
]

let package = Package(
    name: "Parlor",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [
        .library(name: "Parlor", targets: ["Parlor"]),
        .executable(name: "parlor-follow", targets: ["Follow"]),
    ],
    targets: [
        library,
        .target(
            name: "ParlorNative",
            dependencies: ["parlorFFI"],
            // Generated code is not written for Swift 6's checks.
            swiftSettings: [.swiftLanguageMode(.v5)],
            linkerSettings: systemLibraries + (hasFramework ? [] : builtLibrary)
        ),
        .target(
            name: "Parlor",
            dependencies: ["ParlorNative"],
            linkerSettings: hasFramework ? [] : observationLibrary
        ),
        .executableTarget(name: "Follow", dependencies: ["Parlor"]),
        .systemLibrary(name: "parlor_rehearsalFFI"),
        .target(
            name: "ParlorRehearsal",
            dependencies: ["parlor_rehearsalFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)],
            linkerSettings: rehearsalLibrary
        ),
        .testTarget(
            name: "ParlorTests", dependencies: ["Parlor", "ParlorNative", "ParlorRehearsal"]),
    ]
)
