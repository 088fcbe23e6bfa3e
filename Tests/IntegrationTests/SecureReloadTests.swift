// Reloads that change whom to believe and who one is: what was believed before is not believed any longer, and what
// cannot be read changes nothing.

import CLibevent
import CLibeventTLS
import Foundation
import Relevo
import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Reload with TLS") struct SecureReload: Reloading {
        /// Certificates in files of the test's own, so that it can replace them.
        private struct Files {
            let directory: TemporaryDirectory
            let certificate: String
            let key: String
            let authorities: String

            init(_ directory: TemporaryDirectory, name: String = "127.0.0.1") throws {
                self.directory = directory
                (certificate, key) = ("\(directory.path)/own.pem", "\(directory.path)/own.key")
                authorities = "\(directory.path)/ca.pem"
                try use(Authority.shared, for: name)
                try believe(Authority.shared.get())
            }

            func use(_ authority: Result<Authority, any Error>, for name: String) throws {
                let place = try authority.get().issue([name])
                for ending in ["pem", "key"] {
                    try replace("own.\(ending)", by: String(contentsOfFile: "\(place).\(ending)", encoding: .utf8))
                }
            }

            func believe(_ authority: Authority) throws {
                try replace("ca.pem", by: String(decoding: authority.pem, as: UTF8.self))
            }

            func believe(_ text: String) throws { try replace("ca.pem", by: text) }

            private func replace(_ name: String, by text: String) throws { _ = try directory.write(name, text) }
        }

        private func listening(
            _ files: Files, _ origin: Origin, _ change: (inout ListenerTLS) -> Void = { _ in }
        ) -> ProxyConfiguration {
            configuration([.init("*", endpoints: [.init(origin.text)])]) {
                var tls = ListenerTLS(certificates: [CertificateFiles(files.certificate, key: files.key)])
                change(&tls)
                $0.listeners[0].tls = tls
            }
        }

        @Test("an endpoint behind a path for which TLS is switched on hears nothing in clear any longer, and back")
        func switchedOn() async throws {
            let directory = try TemporaryDirectory()
            let path = "\(directory.path)/origin.sock"
            let origin = try Origin.ok("plain", at: .unix(path: path))
            func cluster(tls: Bool) -> ProxyConfiguration {
                configuration([.init("a.example", cluster: "api")]) {
                    $0.workers = 1
                    // An origin that does not speak TLS waits for the rest of a request.
                    $0.timeouts.connect = .milliseconds(300)
                    $0.clusters = [.init("api", endpoints: [.init("unix:\(path)")])]
                    $0.clusters[0].endpoints[0].tls = tls
                    if tls { $0.clusters[0].tls.name = "origin.internal" }
                }
            }
            try await withRunning(cluster(tls: false)) { proxy, address in
                #expect(try ask(address, "a.example").text == "plain")
                try await proxy.reload(cluster(tls: true))
                let refused = try ask(address, "a.example")
                #expect(refused.status == 504 && refused.code == "connect.timeout")
                #expect(origin.requestCount == 1)
                try await proxy.reload(cluster(tls: false))
                #expect(try ask(address, "a.example").text == "plain")
            }
        }

        @Test("connections of a time when others were believed are not used again")
        func otherAuthorities() async throws {
            let files = try Files(TemporaryDirectory())
            let origin = try Origin.ok("hello")
            try await withRunning(listening(files, origin)) { _, endpoint in
                let front = configuration([.init("a.example", cluster: "api")]) {
                    $0.workers = 1
                    $0.clusters = [.init("api", endpoints: [.init("https://\(endpoint)")])]
                    $0.clusters[0].tls.authorities = files.authorities
                }
                try await withRunning(front) { proxy, address in
                    #expect(try ask(address, "a.example").text == "hello")
                    try await proxy.reload(front)
                    #expect(try ask(address, "a.example").text == "hello")
                    #expect(await proxy.statistics().connectsBegun == 1)
                    try files.believe(Authority.other.get())
                    try await proxy.reload(front)
                    let refused = try ask(address, "a.example")
                    #expect(refused.status == 502 && refused.code == "connect.tls")
                    #expect(origin.requestCount == 2)
                }
            }
        }

        @Test("whose certificates a listener takes is read again, and who was taken before is not any longer")
        func otherClients() async throws {
            let files = try Files(TemporaryDirectory(), name: "a.example")
            let origin = try Origin.ok("hello")
            let before = listening(files, origin) {
                $0.client = ClientCertificates(ca: files.authorities, mode: .require)
            }
            let one = try SecureClient.context(Authority.shared.get().identity("one.example"))
            let two = try SecureClient.context(Authority.other.get().identity("two.example"))
            func status(_ context: TLSClientContext, _ address: SocketAddress) -> Int? {
                guard let client = try? SecureClient(address, as: context), client.open() == nil else { return nil }
                return try? client.get("a.example").status
            }
            try await withRunning(before) { proxy, address in
                #expect(status(one, address) == 200 && status(two, address) == nil)
                try files.believe(Authority.other.get())
                try await proxy.reload(before)
                #expect(status(one, address) == nil && status(two, address) == 200)
            }
        }

        @Test("authorities are believed as their files say, without a reload; what cannot be used changes nothing")
        func followed() async throws {
            let files = try Files(TemporaryDirectory())
            let origin = try Origin.ok("hello")
            try await withRunning(listening(files, origin)) { _, endpoint in
                let front = configuration([.init("a.example", cluster: "api")]) {
                    $0.clusters = [.init("api", endpoints: [.init("https://\(endpoint)")])]
                    $0.clusters[0].tls.authorities = files.authorities
                }
                try await withRunning(front) { _, address in
                    #expect(try ask(address, "a.example").text == "hello")
                    try files.believe(Authority.other.get())
                    #expect(await eventually { (try? ask(address, "a.example"))?.code == "connect.tls" })
                    try files.believe("no certificate")
                    try files.believe(Authority.shared.get())
                    #expect(await eventually { (try? ask(address, "a.example"))?.text == "hello" })
                }
            }
        }

        @Test("a file of which there would be no end is refused, and nobody waits for it")
        func pipes() async throws {
            let files = try Files(TemporaryDirectory(), name: "a.example")
            let origin = try Origin.ok("hello")
            let before = listening(files, origin) {
                $0.client = ClientCertificates(ca: files.authorities, mode: .request)
            }
            try await withRunning(before) { proxy, address in
                for path in [files.authorities, files.certificate] {
                    try FileManager.default.removeItem(atPath: path)
                    #expect(ChildProcess.run("mkfifo", path) == 0)
                    let error = await #expect(throws: ReloadError.self) { try await proxy.reload(before) }
                    #expect(error?.description.contains("is no regular file") == true, "\(error as Any)")
                    let client = try SecureClient(address)
                    #expect(client.open() == nil)
                    #expect(try client.get("a.example").status == 200)
                }
            }
        }

        private func behind(_ files: Files) -> ProxyConfiguration {
            configuration([.init("*", cluster: "api")]) {
                $0.clusters = [.init("api", endpoints: [.init("https://127.0.0.1:1")])]
                $0.clusters[0].tls.authorities = files.authorities
            }
        }

        @Test("what becomes a pipe just before it is read is not waited for, either", .timeLimit(.minutes(1)))
        func latePipes() throws {
            let files = try Files(TemporaryDirectory())
            let believing = try SnapshotBuilder.build(behind(files))
            let origin = try Origin.ok("hello")
            let asking = try SnapshotBuilder.build(
                listening(files, origin) { $0.client = ClientCertificates(ca: files.authorities, mode: .request) })
            let served = try ClusterCertificates(believing)
            for path in [files.authorities, files.certificate] {
                try FileManager.default.removeItem(atPath: path)
                #expect(ChildProcess.run("mkfifo", path) == 0)
                let error = #expect(throws: ConfigurationError.self) {
                    _ = try ListenerCertificates(asking, mayWait: false)
                }
                #expect(error?.description.contains("is no file that could be read again") == true, "\(error as Any)")
            }
            let error = #expect(throws: ConfigurationError.self) {
                _ = try ClusterCertificates(believing, after: served)
            }
            #expect(error?.description.contains("is no file that could be read again") == true, "\(error as Any)")
        }

        @Test("a pipe may bring a start whom a cluster believes, once", .timeLimit(.minutes(1)))
        func broughtOnce() throws {
            let files = try Files(TemporaryDirectory())
            let text = try Authority.shared.get().pem
            let believing = try SnapshotBuilder.build(behind(files))
            try FileManager.default.removeItem(atPath: files.authorities)
            #expect(ChildProcess.run("mkfifo", files.authorities) == 0)
            let path = files.authorities
            let writer = Thread { try? Data(text).write(to: URL(filePath: path)) }
            writer.start()
            #expect(try ClusterCertificates(believing).contexts.compactMap(\.self).count == 1)
        }
    }
}
