// The spans of one exchange in the JSON form of OTLP (opentelemetry-proto, trace.proto), with the names of
// OpenTelemetry's conventions for HTTP: one of the whole request, and one of each attempt at an endpoint.

import CLibevent
import RelevoHTTP
import RelevoPolicy

/// Writes spans, each with a comma behind it.
struct SpanLine {
    private var output: [UInt8] = []
    private let exchange: Exchange
    /// The wall clock at the exchange's last moment, in nanoseconds.
    private let wall: UInt64
    private var hasAttribute = false

    /// Appends the spans of an exchange that is over.
    /// - Returns: how many.
    static func append(_ exchange: Exchange, _ redaction: LogRedaction, to output: inout [UInt8]) -> Int {
        var line = SpanLine(exchange, &output)
        line.appendRequest(redaction)
        let attempts = line.appendAttempts()
        swap(&line.output, &output)
        return 1 + attempts
    }

    private init(_ exchange: Exchange, _ output: inout [UInt8]) {
        self.exchange = exchange
        let now = WallTime.now
        wall = UInt64(clamping: now.seconds) &* 1_000_000_000 &+ UInt64(clamping: now.nanoseconds)
        swap(&self.output, &output)
    }

    // MARK: The request

    private mutating func appendRequest(_ redaction: LogRedaction) {
        let (record, trace) = (exchange.record, exchange.trace)
        begin(trace.span, parent: trace.parent, name: spanName, kind: 2, record.started, exchange.now)
        appendMethod()
        add("url.scheme", exchange.cameByTLS ? "https" : "http")
        add("url.path", exchange.request.pathBytes)
        if exchange.request.hasQuery {
            add("url.query", redaction.target([0x3F] + exchange.request.queryBytes).dropFirst())
        }
        add("server.address", exchange.request.authority.host[...])
        add("client.address", redaction.host(exchange.clientAddress)[...])
        if let client = exchange.client { add("network.peer.address", redaction.host(client.peerHost)[...]) }
        if let agent = exchange.request.fields.first(.userAgent) {
            add("user_agent.original", exchange.request.fields.value(of: agent))
        }
        if let route = exchange.matchedRoute { add("http.route", route.path[...]) }
        if record.status > 0 { add("http.response.status_code", record.status) }
        add("relevo.request_id", exchange.requestID[...])
        if let domain = exchange.domain { add("relevo.domain", domain.written) }
        if let cluster = exchange.cluster { add("relevo.cluster", cluster.cluster.name) }
        end(
            code: record.fault?.rawValue, status: record.status, isError: record.isErrorOfRequest,
            detail: exchange.detail)
    }

    private var method: String? { exchange.request.method.name }

    private var spanName: String {
        let route = exchange.matchedRoute.map { " " + String(decoding: $0.path, as: UTF8.self) } ?? ""
        return (method ?? "HTTP") + route
    }

    private mutating func appendMethod() {
        add("http.request.method", method ?? "_OTHER")
        if method == nil { add("http.request.method_original", exchange.request.methodBytes.prefix(64)) }
    }

    // MARK: Attempts

    private mutating func appendAttempts() -> Int {
        let (record, failures) = (exchange.record, exchange.history.isUsed ? exchange.history.failures : [])
        for (number, failure) in failures.enumerated() {
            beginAttempt(
                number, at: failure.endpoint, failure.began, failure.began.advanced(by: failure.nanoseconds))
            switch failure.failure {
            case .fault(let fault): end(code: fault.rawValue, status: 0, isError: true, detail: failure.detail)
            case .status(let status):
                add("http.response.status_code", status)
                end(code: nil, status: status, isError: true, detail: nil)
            }
        }
        guard let endpoint = exchange.target?.endpoint, record.isAttemptOpen
        else { return failures.count }
        beginAttempt(failures.count, at: endpoint, record.attemptBegan, exchange.now)
        let isAnswered = record.responseBegan != nil
        if isAnswered { add("http.response.status_code", record.status) }
        end(
            code: record.fault?.rawValue, status: isAnswered ? record.status : 0, isError: record.isErrorOfAttempt,
            detail: exchange.detail
        ) { line in
            if !record.upstreamReused, let connected = record.connected, connected >= record.attemptBegan {
                line.event("connected", connected)
            }
            if record.sent >= record.attemptBegan { line.event("request sent", record.sent) }
            if let answered = record.responseBegan { line.event("answer begins", answered) }
        }
        return failures.count + 1
    }

    private mutating func beginAttempt(
        _ number: Int, at endpoint: Endpoint, _ start: MonotonicTime, _ end: MonotonicTime
    ) {
        let trace = exchange.trace
        begin(trace.span(ofAttempt: number), parent: trace.span, name: method ?? "HTTP", kind: 3, start, end)
        appendMethod()
        switch endpoint.address {
        case .literal(let host, let port), .name(let host, let port):
            add("server.address", host)
            add("server.port", port)
        case .service(let name): add("server.address", name)
        case .unix(let path): add("server.address", path)
        }
        add("relevo.endpoint", endpoint.text)
        if number > 0 { add("http.request.resend_count", number) }
    }
}

// MARK: - The form

extension SpanLine {
    private mutating func begin(
        _ span: UInt64, parent: UInt64, name: String, kind: Int, _ start: MonotonicTime, _ end: MonotonicTime
    ) {  // tidy: parameters: what a span begins with
        put(#"{"traceId":""#)
        ASCII.append(hexadecimal: exchange.trace.trace.high, to: &output)
        ASCII.append(hexadecimal: exchange.trace.trace.low, to: &output)
        put(#"","spanId":""#)
        ASCII.append(hexadecimal: span, to: &output)
        if parent != 0 {
            put(#"","parentSpanId":""#)
            ASCII.append(hexadecimal: parent, to: &output)
        }
        put(#"","name":""#)
        JSONText.append(text: name, to: &output)
        put(#"","kind":"#)
        JSONText.append(kind, to: &output)
        put(#","startTimeUnixNano":""#)
        put(time: start)
        put(#"","endTimeUnixNano":""#)
        put(time: max(start, end))
        put(#"","attributes":["#)
        hasAttribute = false
    }

    private mutating func end(
        code: String?, status: Int, isError: Bool, detail: String?, events: (inout SpanLine) -> Void = { _ in }
    ) {
        if let code {
            add("error.type", code)
        } else if isError {
            add("error.type", String(status))
        }
        put("]")
        let mark = output.count
        put(#","events":["#)
        let empty = output.count
        events(&self)
        if output.count == empty {
            output.removeSubrange(mark...)
        } else {
            output.removeLast()
            put("]")
        }
        if isError {
            put(#","status":{"code":2"#)
            if let detail {
                put(#","message":""#)
                JSONText.append(text: detail, to: &output)
                put("\"")
            }
            put("}")
        }
        put("},")
    }

    private mutating func event(_ name: StaticString, _ time: MonotonicTime) {
        put(#"{"timeUnixNano":""#)
        put(time: time)
        put(#"","name":""#)
        put("\(name)")
        put(#""},"#)
    }

    private mutating func add(_ key: String, _ value: String) {
        self.key(key)
        put(#""stringValue":""#)
        JSONText.append(text: value, to: &output)
        put("\"}}")
    }

    private mutating func add(_ key: String, _ value: ArraySlice<UInt8>) {
        self.key(key)
        put(#""stringValue":""#)
        JSONText.append(value, to: &output)
        put("\"}}")
    }

    private mutating func add(_ key: String, _ value: Int) {
        self.key(key)
        put(#""intValue":""#)
        JSONText.append(value, to: &output)
        put("\"}}")
    }

    private mutating func key(_ key: String) {
        put(hasAttribute ? #",{"key":""# : #"{"key":""#)
        hasAttribute = true
        put(key)
        put(#"","value":{"#)
    }

    /// The wall clock's time of a moment of the exchange.
    private mutating func put(time: MonotonicTime) {
        let ago = exchange.now.nanoseconds(since: time)
        JSONText.append(Int(clamping: wall > ago ? wall - ago : 0), to: &output)
    }

    private mutating func put(_ text: String) { output.append(contentsOf: text.utf8) }
}
