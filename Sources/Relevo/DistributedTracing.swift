// Spans of requests for swift-distributed-tracing, so that a program has them beside its own, whatever backend it uses.
// Without it, the proxy reports spans to a collector itself: TracingSettings.

import RelevoPolicy
import RelevoProxy
import Tracing

/// Hands requests to a tracer: one span for each, and one for each attempt at an endpoint.
struct TracerBridge: ExchangeTracer {
    let tracer: any Tracer

    func began(_ request: TracedRequest) -> any TracedExchange { TracedSpans(tracer, request) }
}

/// The spans of one request. Confined to its worker's thread.
private final class TracedSpans: TracedExchange {
    private let tracer: any Tracer
    private let method: String
    private let span: any Span
    private var attempt: (any Span)?
    private var attempts = 0

    init(_ tracer: any Tracer, _ request: TracedRequest) {
        self.tracer = tracer
        method = request.method
        var context = ServiceContext.topLevel
        tracer.extract(request.fields.map { Field(name: $0.name, value: $0.value) }, into: &context, using: Reader())
        span = tracer.startSpan(request.method, context: context, ofKind: .server)
        span.updateAttributes {
            $0.set("http.request.method", value: .string(request.method))
            $0.set("url.scheme", value: .string(request.isSecure ? "https" : "http"))
            $0.set("url.path", value: .string(request.path))
            $0.set("server.address", value: .string(request.host))
            $0.set("client.address", value: .string(request.client))
        }
    }

    func attemptBegan(at endpoint: String) -> [(name: String, value: String)] {
        let attempt = tracer.startSpan(method, context: span.context, ofKind: .client)
        attempt.updateAttributes {
            $0.set("http.request.method", value: .string(method))
            $0.set("relevo.endpoint", value: .string(endpoint))
            if attempts > 0 { $0.set("http.request.resend_count", value: .int64(Int64(attempts))) }
        }
        self.attempt = attempt
        attempts += 1
        var fields: [Field] = []
        tracer.inject(attempt.context, into: &fields, using: Writer())
        return fields.map { ($0.name, $0.value) }
    }

    func attemptEnded(_ end: TracedEnd) {
        guard let attempt else { return }
        self.attempt = nil
        Self.end(attempt, end)
    }

    func ended(_ end: TracedEnd, _ request: TracedOutcome) {
        attemptEnded(end)
        if let route = request.route { span.operationName = "\(method) \(route)" }
        span.updateAttributes {
            if let route = request.route { $0.set("http.route", value: .string(route)) }
            $0.set("relevo.request_id", value: .string(request.id))
            if let domain = request.domain { $0.set("relevo.domain", value: .string(domain)) }
            if let cluster = request.cluster { $0.set("relevo.cluster", value: .string(cluster)) }
        }
        Self.end(span, request.end)
    }

    private static func end(_ span: any Span, _ end: TracedEnd) {
        span.updateAttributes {
            if end.status > 0 { $0.set("http.response.status_code", value: .int64(Int64(end.status))) }
            if let code = end.code ?? (end.isError ? String(end.status) : nil) {
                $0.set("error.type", value: .string(code))
            }
        }
        if end.isError { span.setStatus(SpanStatus(code: .error, message: end.detail)) }
        span.end()
    }
}

/// A field of a request.
private struct Field: Sendable {
    let name: String
    let value: String
}

private struct Reader: Extractor {
    func extract(key: String, from fields: [Field]) -> String? {
        let name = key.lowercased()
        return fields.first { $0.name == name }?.value
    }
}

private struct Writer: Injector {
    func inject(_ value: String, forKey key: String, into fields: inout [Field]) {
        fields.append(Field(name: key, value: value))
    }
}
