// swift-tools-version:6.2
import PackageDescription

let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let arguments: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let httpClient: Target.Dependency = .product(
  name: "AsyncHTTPClient", package: "async-http-client")
let encryption: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")

let package = Package(
  name: "thuan",
  platforms: [.macOS(.v15), .iOS(.v18)],
  products: [
    .executable(name: "thuan", targets: ["thuan"]),
    .executable(name: "thuan-hub", targets: ["thuan-hub"]),
    .executable(name: "Simulator", targets: ["Simulator"]),
  ],
  traits: [
    .trait(
      name: "CodecComparison",
      description: "Lets the benchmarks compare with SwiftProtobuf; see scripts/bench --codec.")
  ],
  dependencies: [
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.13.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
  ],
  targets: [
    .target(
      name: "SyncCore", dependencies: [crypto], resources: [.embedInCode("words.txt")]),
    .systemLibrary(
      name: "CStatementJournal", pkgConfig: "sqlite3",
      providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]),
    .target(name: "SyncSQLite", dependencies: ["SyncCore", "CStatementJournal", grdb, sqlite]),
    .target(
      name: "SyncDevice", dependencies: ["SyncCore", "SyncSQLite", grdb, crypto],
      resources: [.embedInCode("Schema")]),
    .target(
      name: "SyncHub", dependencies: ["SyncCore", "SyncSQLite", grdb, crypto, cryptoExtras],
      resources: [.embedInCode("Schema")]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .target(name: "Gzip", dependencies: ["CZlib"]),
    .target(
      name: "SyncClient",
      dependencies: ["SyncCore", "SyncDevice", "Gzip", httpClient, encryption, logging]),
    .systemLibrary(name: "CAllocator"),
    .target(
      name: "HubServer",
      dependencies: [
        "SyncCore", "SyncHub", "Gzip", "CAllocator", hummingbird, encryption, logging,
        .product(name: "HummingbirdTLS", package: "hummingbird"),
      ]),
    .target(
      name: "FieldModel", dependencies: ["SyncCore", "SyncSQLite", "SyncDevice", "SyncHub", grdb],
      resources: [.embedInCode("Schema")]),
    .target(
      name: "Terminal", dependencies: ["SyncCore", "SyncSQLite", "FieldModel", arguments]),
    .executableTarget(
      name: "thuan",
      dependencies: [
        "SyncCore", "SyncSQLite", "SyncDevice", "SyncClient", "FieldModel", "Terminal", grdb,
        arguments, logging,
      ]),
    .executableTarget(
      name: "thuan-hub",
      dependencies: [
        "SyncCore", "SyncSQLite", "SyncHub", "HubServer", "FieldModel", "Terminal", "CQRCode",
        grdb, arguments, logging,
      ]),
    .systemLibrary(
      name: "CQRCode", pkgConfig: "libqrencode",
      providers: [.apt(["libqrencode-dev"]), .brew(["qrencode"])]),
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        "SyncCore", "SyncSQLite", "SyncDevice", "SyncHub", "SyncClient", "HubServer", "FieldModel",
        "Gzip", grdb, logging,
        .product(
          name: "SwiftProtobuf", package: "swift-protobuf",
          condition: .when(traits: ["CodecComparison"])),
      ], resources: [.embedInCode("usage.txt")]),
    .target(name: "SimulatedDisk", linkerSettings: [.linkedLibrary("sqlite3")]),
    .target(
      name: "Simulation",
      dependencies: [
        "SimulatedDisk", "SyncCore", "SyncSQLite", "SyncDevice", "SyncHub", grdb, crypto,
      ]),
    .executableTarget(name: "Simulator", dependencies: ["Simulation", arguments]),
    .target(
      name: "TestSupport", dependencies: ["SyncCore", "SyncSQLite", "SyncDevice", "SyncHub", grdb],
      path: "Tests/TestSupport"),
    .testTarget(name: "SyncCoreTests", dependencies: ["SyncCore", "TestSupport"]),
    .testTarget(
      name: "SyncDeviceTests",
      dependencies: ["SyncCore", "SyncSQLite", "SyncDevice", "SyncHub", "TestSupport", grdb]),
    .testTarget(
      name: "SyncHubTests",
      dependencies: ["SyncCore", "SyncSQLite", "SyncDevice", "SyncHub", "TestSupport", grdb]),
    .testTarget(
      name: "FieldModelTests",
      dependencies: [
        "SyncCore", "SyncSQLite", "SyncDevice", "SyncHub", "FieldModel", "TestSupport", grdb,
      ]),
    .testTarget(name: "TerminalTests", dependencies: ["FieldModel", "Terminal", arguments]),
    .testTarget(name: "SimulatorTests", dependencies: ["Simulation"], exclude: ["Lives"]),
    .testTarget(
      name: "BenchmarksTests",
      dependencies: [
        "Benchmarks", "SyncCore", "SyncDevice", "SyncHub", "TestSupport", grdb, sqlite,
      ],
      exclude: ["budgets.txt"]),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "SyncCore", "SyncSQLite", "SyncDevice", "SyncHub", "SyncClient", "HubServer",
        "FieldModel", "Gzip", "TestSupport", grdb, httpClient, hummingbird, encryption,
      ]),
  ]
)

/// Warnings are errors where the project checks itself, not where somebody with a newer compiler
/// builds it; and not in tests, where what the macros expand to is not ours to mend.
let warnings: [SwiftSetting] =
  Context.environment["THUAN_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]

for target in package.targets where target.type != .system {
  target.swiftSettings =
    [
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("InternalImportsByDefault"),
      .enableUpcomingFeature("MemberImportVisibility"),
      .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
      .strictMemorySafety(),
    ] + (target.type == .test ? [] : warnings)
}
