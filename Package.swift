// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target: the compiler is the first reviewer.
let common: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// Settings of every target but the `CLibevent*` wrappers, which alone may touch raw pointers.
let safe: [SwiftSetting] = common + [.strictMemorySafety()]

let package = Package(
    name: "relevo",
    products: [
        .executable(name: "relevo", targets: ["RelevoCLI"]),
        .library(name: "Relevo", targets: ["Relevo"]),
        .library(name: "RelevoConfig", targets: ["RelevoConfig"]),
        .library(name: "CLibevent", targets: ["CLibevent"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.2.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CEvent2", pkgConfig: "libevent",
            providers: [.apt(["libevent-dev"])]),
        .systemLibrary(
            name: "CCares", pkgConfig: "libcares",
            providers: [.apt(["libc-ares-dev"])]),
        .target(name: "CLibevent", dependencies: ["CEvent2"], swiftSettings: common),
        .target(name: "CLibeventDNS", dependencies: ["CCares", "CLibevent"], swiftSettings: common),
        .target(name: "CLibeventHTTP", dependencies: ["CEvent2", "CLibevent"], swiftSettings: common),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libssl", providers: [.apt(["libssl-dev"])]),
        .target(name: "CLibeventTLS", dependencies: ["COpenSSL", "CLibevent"], swiftSettings: common),
        .target(name: "RelevoHTTP", swiftSettings: safe),
        .target(name: "RelevoPolicy", dependencies: ["RelevoHTTP"], swiftSettings: safe),
        .target(
            name: "RelevoProxy",
            dependencies: ["CLibevent", "CLibeventDNS", "CLibeventTLS", "RelevoHTTP", "RelevoPolicy"],
            swiftSettings: safe),
        .target(
            name: "Relevo",
            dependencies: [
                "RelevoProxy", "RelevoPolicy", "CLibevent",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: safe),
        .target(
            name: "RelevoConfig",
            dependencies: ["RelevoPolicy", .product(name: "Yams", package: "Yams")],
            swiftSettings: safe),
        .target(
            name: "RelevoAdmin", dependencies: ["Relevo", "RelevoPolicy", "RelevoHTTP", "CLibevent"],
            // What script/page puts into DashboardPage.swift.
            exclude: ["Page"], swiftSettings: safe),
        .target(name: "RelevoTop", dependencies: ["RelevoAdmin"], swiftSettings: safe),
        .executableTarget(
            name: "RelevoCLI",
            dependencies: [
                "Relevo", "RelevoAdmin", "RelevoTop", "RelevoConfig", "RelevoPolicy", "CLibevent", "CLibeventHTTP",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: safe),
        .target(
            name: "TestSupport",
            dependencies: ["CLibevent", "CLibeventDNS", "CLibeventTLS", "RelevoProxy", "RelevoPolicy"],
            path: "Tests/TestSupport", swiftSettings: common),
        .testTarget(name: "CLibeventTests", dependencies: ["CLibevent"], swiftSettings: safe),
        .testTarget(
            name: "CLibeventTLSTests", dependencies: ["CLibeventTLS", "CLibevent", "TestSupport"], swiftSettings: safe),
        .testTarget(
            name: "CLibeventDNSTests", dependencies: ["CLibeventDNS", "CLibevent", "TestSupport"], swiftSettings: common
        ),
        .testTarget(name: "RelevoHTTPTests", dependencies: ["RelevoHTTP"], swiftSettings: safe),
        .testTarget(name: "RelevoPolicyTests", dependencies: ["RelevoPolicy", "RelevoHTTP"], swiftSettings: safe),
        .testTarget(
            name: "RelevoProxyTests",
            dependencies: ["RelevoProxy", "RelevoPolicy", "RelevoHTTP", "CLibevent", "CLibeventDNS", "TestSupport"],
            swiftSettings: safe),
        .testTarget(
            name: "RelevoConfigTests", dependencies: ["RelevoConfig", "RelevoPolicy"],
            exclude: ["Broken", "Scripts"], swiftSettings: safe),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "TestSupport", "Relevo", "RelevoAdmin", "RelevoProxy", "RelevoPolicy", "RelevoHTTP", "CLibevent",
                "CLibeventDNS", "CLibeventTLS", .product(name: "Logging", package: "swift-log"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            exclude: ["Simulations"], swiftSettings: safe),
        .testTarget(
            name: "ConformanceTests", dependencies: ["TestSupport", "RelevoPolicy"], swiftSettings: safe),
        .testTarget(name: "RelevoTopTests", dependencies: ["RelevoTop", "RelevoAdmin"], swiftSettings: safe),
        .testTarget(name: "TidyTests", swiftSettings: common),
    ]
)

// The fuzz targets need libFuzzer's entry point, so only script/fuzz, which sets this variable, sees them.
let isFuzzing = Context.environment["RELEVO_FUZZING"] == "1"
if isFuzzing {
    package.targets.append(.target(name: "FuzzSupport", path: "Fuzzing/Support", swiftSettings: common))
    for name in ["RequestHead", "ResponseHead", "ChunkedBody", "ProxyHeader"] {
        package.targets.append(
            .executableTarget(
                name: "Fuzz\(name)", dependencies: ["FuzzSupport", "RelevoHTTP"], path: "Fuzzing/\(name)",
                swiftSettings: common))
    }
    package.targets.append(
        .executableTarget(
            name: "FuzzExchange", dependencies: ["FuzzSupport", "CLibevent", "RelevoPolicy", "RelevoProxy"],
            path: "Fuzzing/Exchange", swiftSettings: common))
}

// The micro-benchmarks replace the C library's allocator by one that counts, so only Benchmarks/micro sees them.
let isMeasuring = Context.environment["RELEVO_BENCHMARKS"] == "1"
if isMeasuring {
    package.targets += [
        .target(name: "AllocationCounter", path: "Benchmarks/AllocationCounter"),
        .executableTarget(
            name: "relevo-micro", dependencies: ["AllocationCounter", "RelevoHTTP", "RelevoPolicy"],
            path: "Benchmarks/Micro", swiftSettings: common),
    ]
}
