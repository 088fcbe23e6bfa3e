// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Embedded",
    dependencies: [
        // A program of your own names Relevo's repository here.
        .package(name: "relevo", path: "../.."),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
    ],
    targets: [
        .executableTarget(
            name: "Embedded",
            dependencies: [
                "FlyingFox",
                .product(name: "Relevo", package: "relevo"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ])
    ]
)
