// Certificates that are replaced on disk while a proxy serves: what new clients are shown, and what the operator is
// told. The clients are openssl's.
// Traffic meanwhile: CertificateTrafficTests. How changes are seen: FileWatcherTests in RelevoProxyTests.

import CLibevent
import Foundation
import RelevoPolicy
import RelevoProxy
import Synchronization
import TestSupport
import Testing

extension Integration {
    @Suite("Certificates that are replaced") struct Renewal {
        /// Files of one certificate, with its authority.
        private final class Scene {
            let authority: TestAuthority
            let tree: FileTree
            let clock = Watched(Int64(Date.now.timeIntervalSince1970))
            var files: CertificateFiles

            init() throws {
                authority = try TestAuthority()
                tree = try FileTree()
                files = CertificateFiles(tree.path("a.pem"), key: tree.path("a.key"))
            }

            func put(_ pair: TestAuthority.Pair) throws {
                try tree.write(pair.certificate, to: "a.pem")
                try tree.write(pair.key, to: "a.key")
            }

            /// Runs a body with a proxy that is quick to look and slow to forgive nothing.
            func serve(
                workers: Int = 1, _ adjust: (inout FilePace) -> Void = { _ in },
                _ body: (TestProxy) async throws -> Void
            ) async throws {
                let configuration = ProxyConfiguration.loopback(
                    [.init("a.example", endpoints: ["127.0.0.1:9"])], workers: workers
                ) { $0.listeners[0].tls = ListenerTLS(certificates: [files]) }
                let clock = clock
                try await withProxy(
                    configuration,
                    adjust: { settings in
                        settings.pace.quiet = .milliseconds(20)
                        settings.pace.patience = .milliseconds(200)
                        settings.pace.retry = .milliseconds(50)
                        settings.pace.clock = { WallTime(seconds: Int(clock.current), nanoseconds: 0) }
                        adjust(&settings.pace)
                    }, body)
            }
        }

        /// What `openssl s_client` says of a proxy.
        private func talk(_ proxy: TestProxy, _ more: String = "") throws -> String {
            let port = proxy.address.port ?? 0
            let command = "openssl s_client -connect 127.0.0.1:\(port) -servername a.example \(more)"
            let outcome = try Program("/bin/sh", ["-c", "\(command) </dev/null 2>&1"]).outcome()
            return outcome.output
        }

        /// The number of the certificate that a new client is shown.
        private func shown(_ proxy: TestProxy) throws -> String {
            let port = proxy.address.port ?? 0
            let command = "openssl s_client -connect 127.0.0.1:\(port) -servername a.example </dev/null 2>/dev/null"
            let outcome = try Program("/bin/sh", ["-c", "\(command) | openssl x509 -noout -serial"]).outcome()
            let text = outcome.output.split(separator: "=").last ?? ""
            return text.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
        }

        private func shows(_ pair: TestAuthority.Pair, _ proxy: TestProxy) async -> Bool {
            await eventually { (try? shown(proxy)) == pair.serial }
        }

        /// Waits for a notice that has all these words.
        private func told(_ proxy: TestProxy, _ words: String...) -> Bool {
            proxy.notices.wait { list in list.contains { notice in words.allSatisfy { notice.contains($0) } } }
        }

        private func count(_ proxy: TestProxy, _ words: String) -> Int {
            proxy.notices.current.count { $0.contains(words) }
        }

        /// Ways in which a pair takes the place of another.
        enum Way: CaseIterable { case certificateFirst, keyFirst, renamed, oneLink }

        @Test("a new pair is shown to new clients, whichever way it comes, and said", arguments: Way.allCases)
        func replaced(_ way: Way) async throws {
            let scene = try Scene()
            let pairs = try (0..<3).map { _ in try scene.authority.issue("a.example") }
            for (number, pair) in pairs.enumerated() {
                try scene.tree.make("..\(number)")
                try scene.tree.write(pair.certificate, to: "..\(number)/a.pem")
                try scene.tree.write(pair.key, to: "..\(number)/a.key")
            }
            try scene.tree.link("..data", to: "..0")
            if way == .oneLink {
                for name in ["a.pem", "a.key"] { try scene.tree.link(name, to: "..data/\(name)") }
            } else {
                try scene.put(pairs[0])
            }
            try await scene.serve { proxy in
                #expect(try shown(proxy) == pairs[0].serial)
                for (number, pair) in pairs.enumerated().dropFirst() {
                    switch way {
                    case .certificateFirst: try scene.put(pair)
                    case .keyFirst:
                        try scene.tree.write(pair.key, to: "a.key")
                        try scene.tree.write(pair.certificate, to: "a.pem")
                    case .renamed:
                        try scene.tree.replace("a.pem", with: pair.certificate)
                        try scene.tree.replace("a.key", with: pair.key)
                    case .oneLink: try scene.tree.link("..data", to: "..\(number)")
                    }
                    #expect(await shows(pair, proxy))
                }
                #expect(told(proxy, "certificateReplaced", scene.files.certificate, "a.example"))
                #expect(count(proxy, "certificateKept") == 0)
            }
        }

        @Test("half of a pair changes nothing; that is said once, and no more when the other half has come")
        func halves() async throws {
            let scene = try Scene()
            let (one, two) = try (scene.authority.issue("a.example"), scene.authority.issue("a.example"))
            try scene.put(one)
            try await scene.serve { proxy in
                try scene.tree.write(two.key, to: "a.key")
                #expect(told(proxy, "certificateKept", scene.files.certificate, "not that of the first certificate"))
                #expect(try shown(proxy) == one.serial)
                for mode in [0o640, 0o600] as [UInt32] { try scene.tree.setMode(mode, of: "a.key") }
                try scene.tree.write(two.certificate, to: "a.pem")
                #expect(await shows(two, proxy))
                #expect(count(proxy, "certificateKept") == 1)
            }
        }

        /// Ways in which files stop being of use.
        enum Damage: CaseIterable { case removed, emptied, garbage, pipe, unreadable }

        @Test(
            "what cannot be served leaves what was served, and is said with its file and reason",
            arguments: Damage.allCases)
        func damaged(_ damage: Damage) async throws {
            let scene = try Scene()
            let (one, two) = try (scene.authority.issue("a.example"), scene.authority.issue("a.example"))
            try scene.put(one)
            try await scene.serve { proxy in
                switch damage {
                case .removed: try scene.tree.remove("a.pem")
                case .emptied: try scene.tree.write([], to: "a.pem")
                case .garbage: try scene.tree.replace("a.pem", with: Array("garbage".utf8))
                case .pipe:
                    _ = try Program("/usr/bin/mkfifo", [scene.tree.path("pipe")]).outcome()
                    try scene.tree.rename("pipe", to: "a.pem")
                case .unreadable: try scene.tree.link("a.pem", to: "a.pem")
                }
                let reason =
                    switch damage {
                    case .removed: "No such file"
                    case .emptied, .garbage: "there is no certificate"
                    case .pipe: "no file that could be read again"
                    case .unreadable: "symbolic links"
                    }
                #expect(told(proxy, "certificateKept", scene.files.certificate, reason))
                #expect(try shown(proxy) == one.serial)
                try scene.tree.replace("a.pem", with: one.certificate)
                #expect(told(proxy, "certificateAsBefore", scene.files.certificate))
                try scene.put(two)
                #expect(await shows(two, proxy))
                #expect(count(proxy, "certificateKept") == 1)
            }
        }

        @Test("one that has expired does not take the place of one that has not; it does when that has expired too")
        func expired() async throws {
            let scene = try Scene()
            let (long, short) = try (
                scene.authority.issue("a.example", days: 60), scene.authority.issue("a.example", days: 20)
            )
            try scene.put(long)
            scene.clock.change { $0 += 30 * 86_400 }
            try await scene.serve({ $0.tick = .milliseconds(50) }) { proxy in
                try scene.put(short)
                #expect(told(proxy, "certificateKept", "it has expired"))
                #expect(try shown(proxy) == long.serial)
                scene.clock.change { $0 += 40 * 86_400 }
                #expect(await shows(short, proxy))
            }
        }

        @Test("one that is valid later on takes the place of another then")
        func early() async throws {
            let scene = try Scene()
            try scene.put(scene.authority.issue("a.example"))
            let later = try scene.authority.issue("a.example", starting: 10)
            try await scene.serve({ $0.tick = .milliseconds(50) }) { proxy in
                try scene.put(later)
                #expect(told(proxy, "certificateKept", "it is not valid before"))
                #expect(try shown(proxy) != later.serial)
                scene.clock.change { $0 += 11 * 86_400 }
                #expect(await shows(later, proxy))
            }
        }

        @Test("what has changed before the start is served soon after it")
        func before() async throws {
            let scene = try Scene()
            let (one, two) = try (scene.authority.issue("a.example"), scene.authority.issue("a.example"))
            try scene.put(one)
            try await scene.serve({ _ in try? scene.put(two) }) { proxy in #expect(await shows(two, proxy)) }
        }

        @Test("an end that comes near is said, and said again a day later")
        func endings() async throws {
            let scene = try Scene()
            try scene.put(scene.authority.issue("a.example", days: 30))
            try await scene.serve({ $0.tick = .milliseconds(20) }) { proxy in
                #expect(count(proxy, "ends in") == 0)
                scene.clock.change { $0 += 20 * 86_400 }
                #expect(told(proxy, "ends in 10 days", scene.files.certificate))
                scene.clock.change { $0 += 86_400 }
                #expect(told(proxy, "ends in 9 days"))
                scene.clock.change { $0 += 3600 }
                for _ in 0..<5 { _ = try shown(proxy) }
                scene.clock.change { $0 += 10 * 86_400 }
                #expect(told(proxy, "has expired"))
                #expect(count(proxy, "ends in") == 2)
                #expect(count(proxy, "has expired") == 1)
            }
        }

        @Test("a new certificate that is for another name is shown, and the domain without any is said")
        func otherName() async throws {
            let scene = try Scene()
            try scene.put(scene.authority.issue("a.example"))
            let other = try scene.authority.issue("b.example")
            try await scene.serve { proxy in
                try scene.put(other)
                #expect(await shows(other, proxy))
                #expect(told(proxy, "no certificate is for domain `a.example`"))
            }
        }

        @Test("an authority's word is shown to who asks, replaced with its file, and never beside another certificate")
        func responses() async throws {
            let scene = try Scene()
            let (one, two) = try (scene.authority.issue("a.example"), scene.authority.issue("a.example"))
            try scene.put(one)
            scene.files.ocsp = scene.tree.path("a.ocsp")
            try scene.tree.write(scene.authority.response(to: one), to: "a.ocsp")
            let (longer, revoked) = try (
                scene.authority.response(to: one, days: 5), scene.authority.response(to: one, isRevoked: true)
            )
            let other = try scene.authority.response(to: two)
            try await scene.serve { proxy in
                #expect(try talk(proxy, "-status").contains("Cert Status: good"))
                #expect(try !talk(proxy).contains("Cert Status"))
                try scene.tree.replace("a.ocsp", with: longer)
                #expect(told(proxy, "responseReplaced"))
                for (bytes, words) in [(revoked, "revoked"), (other, "not for this certificate"), ([], "DER form")] {
                    try scene.tree.write(bytes, to: "a.ocsp")
                    #expect(told(proxy, "responseKept", "a.ocsp", words))
                    #expect(try talk(proxy, "-status").contains("Cert Status: good"))
                }
                try scene.put(two)
                #expect(await shows(two, proxy))
                #expect(try talk(proxy, "-status").contains("no response sent"))
                try scene.tree.write(other, to: "a.ocsp")
                #expect(await eventually { (try? talk(proxy, "-status").contains("Cert Status: good")) == true })
                let report = try #require(proxy.group.certificates.first)
                #expect(report.responseUntil.map { $0 > scene.clock.current } == true)
            }
        }

        @Test("without a response at the start the rest works, and one that comes is shown")
        func lateResponse() async throws {
            let scene = try Scene()
            let pair = try scene.authority.issue("a.example")
            try scene.put(pair)
            scene.files.ocsp = scene.tree.path("a.ocsp")
            try scene.tree.write([1, 2, 3], to: "a.ocsp")
            try await scene.serve { proxy in
                #expect(try talk(proxy, "-status").contains("no response sent"))
                try scene.tree.write(scene.authority.response(to: pair), to: "a.ocsp")
                #expect(told(proxy, "responseReplaced", "a.ocsp"))
                #expect(try talk(proxy, "-status").contains("Cert Status: good"))
                // It was said when the proxy was made.
                #expect(count(proxy, "responseKept") == 0)
            }
        }

        @Test("reports say what is served where, and are those of the new certificate afterwards")
        func reports() async throws {
            let scene = try Scene()
            let first = try scene.authority.issue("a.example", days: 30)
            let second = try scene.authority.issue((0..<40).map { "n\($0).example" }, days: 50)
            try scene.put(first)
            var configuration = ProxyConfiguration.loopback([.init("a.example", endpoints: ["127.0.0.1:9"])])
            configuration.listeners = ["127.0.0.1:0", "[::1]:0", "127.0.0.1:0"]
            for index in 0..<2 { configuration.listeners[index].tls = ListenerTLS(certificates: [scene.files]) }
            try await withProxy(configuration, adjust: { $0.pace.quiet = .milliseconds(20) }) { proxy in
                let report = try #require(proxy.group.certificates.first)
                #expect(proxy.group.certificates.count == 1)
                #expect(report.file == scene.files.certificate)
                #expect(report.names == ["a.example"])
                #expect(report.listeners == ["127.0.0.1:0", "[::1]:0"])
                #expect(report.responseUntil == nil)
                #expect(abs(report.notAfter - (scene.clock.current + 30 * 86_400)) < 600)
                try scene.put(second)
                #expect(await eventually { proxy.group.certificates.first?.nameCount == 40 })
                #expect(proxy.group.certificates.first?.names == (0..<32).map { "n\($0).example" })
            }
        }
    }
}
