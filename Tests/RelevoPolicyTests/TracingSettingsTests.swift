// Where spans go: which addresses of collectors are taken, and what is asked there.
// How they get there is tested with the whole proxy.

import RelevoPolicy
import Testing

@Suite("Settings of tracing")
struct TracingSettingsTests {
    private func head(_ collector: String) throws -> [String] {
        let bytes = try TraceCollector(TracingSettings(collector)).head
        return String(decoding: bytes, as: UTF8.self).split(separator: "\r\n").prefix(2).map { String($0) }
    }

    @Test("the path is the usual one unless another is written")
    func paths() throws {
        #expect(try head("http://127.0.0.1:4318") == ["POST /v1/traces HTTP/1.1", "Host: 127.0.0.1:4318"])
        #expect(try head("http://otel.internal:4318/") == ["POST /v1/traces HTTP/1.1", "Host: otel.internal:4318"])
        #expect(try head("https://o.example/api/x?y=1") == ["POST /api/x?y=1 HTTP/1.1", "Host: o.example:443"])
        #expect(try head("unix:/run/otel.sock") == ["POST /v1/traces HTTP/1.1", "Host: localhost"])
    }

    @Test("only https is spoken by TLS, for the name that is written")
    func security() throws {
        #expect(try TraceCollector(TracingSettings("https://o.example")).serverName == "o.example")
        #expect(try TraceCollector(TracingSettings("http://o.example")).serverName == nil)
    }

    @Test(
        "what cannot be the address of a collector is refused",
        arguments: [
            "127.0.0.1:4318", "ftp://a.example", "http://", "srv:_otlp._tcp.a.example", "http://a b", "http://a/ b",
        ])
    func refused(text: String) {
        #expect(throws: AddressText.Failure.self) { try TraceCollector(TracingSettings(text)) }
    }

    @Test("fields that the proxy writes itself, and what is no field, are refused")
    func headers() throws {
        for (name, value) in [("Host", "a"), ("content-length", "1"), ("a b", "c"), ("a", "b\r\nc: d")] {
            var settings = TracingSettings("http://127.0.0.1")
            settings.headers = [.init(name, value)]
            let refused = settings
            #expect(throws: AddressText.Failure.self) { try TraceCollector(refused) }
        }
    }

    @Test("a share beyond all is refused when the configuration is checked")
    func share() {
        var configuration = ProxyConfiguration(
            listeners: ["127.0.0.1:0"], domains: [.init("a", endpoints: ["127.0.0.1"])])
        var tracing = TracingSettings("http://127.0.0.1:4318")
        tracing.sample = 100_001
        tracing.service = ""
        configuration.tracing = tracing
        let wrong = configuration
        let error = #expect(throws: ConfigurationError.self) { try SnapshotBuilder.build(wrong) }
        #expect(error?.problems.count == 2)
    }
}
