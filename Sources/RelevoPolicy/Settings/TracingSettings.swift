// Whether and where the spans of requests are reported, for traces over many services.
// What a span says: RelevoProxy's SpanLine. How it gets to the collector: SpanExporter there.

import RelevoHTTP

/// Spans for a collector that takes OTLP over HTTP, in JSON.
public struct TracingSettings: Sendable, Equatable {
    /// A field of the requests to the collector, such as a key that it wants.
    public struct Header: Sendable, Hashable {
        /// The field's name.
        public var name: String
        /// Its value.
        public var value: String

        /// Creates a field.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Where the collector is: `http://127.0.0.1:4318`; with a path if it is not `/v1/traces`.
    public var collector: String
    /// How many of the traces that begin here are recorded, in thousandths of a per cent: 100 000 for all.
    ///
    /// Whether one is recorded that a trusted proxy sends on is that proxy's decision.
    public var sample = TracingSettings.all
    /// The name of this service in traces (`service.name`).
    public var service = "relevo"
    /// Fields of the requests to the collector.
    public var headers: [Header] = []
    /// Where it was written.
    public var location: SourceLocation?

    /// ``sample`` for all of them.
    public static let all = 100_000

    /// Creates settings with the defaults.
    public init(_ collector: String, location: SourceLocation? = nil) {
        self.collector = collector
        self.location = location
    }

    /// The settings without the place.
    package var unlocated: TracingSettings {
        var result = self
        result.location = nil
        return result
    }
}

/// Where spans go, checked.
package struct TraceCollector: Sendable {
    /// Where it is.
    package let address: EndpointAddress
    /// The name that its certificate has to be for; nil if it is spoken to without TLS.
    package let serverName: String?
    /// What messages call it.
    package let text: String
    /// The head of a request to it, but for the length of the body and the end.
    package let head: [UInt8]

    private static let usualPath = "/v1/traces"
    private static let ownFields: Set<String> = [
        "host", "content-type", "content-length", "transfer-encoding", "connection", "user-agent", "te", "upgrade",
        "expect", "keep-alive", "trailer",
    ]

    /// Reads the settings.
    package init(_ settings: TracingSettings) throws(AddressText.Failure) {
        let (place, path) = Self.parts(of: settings.collector)
        guard place.contains("://") || place.hasPrefix("unix:") else {
            throw AddressText.Failure(
                message: "the collector `\(place)` does not say how it is spoken to",
                suggestion: "write `http://\(place)`")
        }
        address = try AddressText.endpoint(place)
        let isSecure = AddressText.isSecure(place)
        serverName = isSecure ? address.serverName : nil
        text = settings.collector
        var host = address.description
        switch address {
        case .service:
            throw AddressText.Failure(message: "a collector is no service", suggestion: "write `http://NAME:4318`")
        case .unix: host = "localhost"
        case .literal, .name: break
        }
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }) else {
            throw AddressText.Failure(message: "the path of the collector has characters that no path has")
        }
        var head = "POST \(path) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: relevo\r\nConnection: close\r\n"
        head += "Content-Type: application/json\r\n"
        for header in settings.headers {
            guard HeaderFields.isValid(name: header.name, value: header.value),
                !Self.ownFields.contains(header.name.lowercased())
            else {
                throw AddressText.Failure(message: "`\(header.name)` cannot be a header of requests to the collector")
            }
            head += "\(header.name): \(header.value)\r\n"
        }
        self.head = Array(head.utf8)
    }

    /// Where it is, and the path there.
    private static func parts(of text: String) -> (place: String, path: String) {
        guard let scheme = text.firstRange(of: "://"), let slash = text[scheme.upperBound...].firstIndex(of: "/") else {
            return (text, usualPath)
        }
        let path = String(text[slash...])
        return (String(text[..<slash]), path == "/" ? usualPath : path)
    }
}

extension SnapshotBuilder {
    /// Checks whether and where spans are reported.
    mutating func checkTracing(_ settings: TracingSettings) {
        do throws(AddressText.Failure) {
            _ = try TraceCollector(settings)
        } catch {
            report(error.message, error.suggestion, at: settings.location)
        }
        if !(0...TracingSettings.all).contains(settings.sample) {
            report("`tracing.sample` is out of bounds", "0% to 100%", at: settings.location)
        }
        if settings.service.isEmpty || settings.service.utf8.count > 255 {
            report("`tracing.service` has \(settings.service.utf8.count) bytes", "1 to 255", at: settings.location)
        }
    }
}
