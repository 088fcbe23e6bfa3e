// What a program that embeds the proxy is told of requests while they run, for traces of its own.
// Traces for a collector are made without it: SpanLine.

import CLibevent
import RelevoHTTP
import RelevoPolicy

/// Makes something of each valid request. Called on workers' threads; must not block.
package protocol ExchangeTracer: Sendable {
    /// A request begins.
    func began(_ request: TracedRequest) -> any TracedExchange
}

/// What was made of one request. Called on its worker's thread.
package protocol TracedExchange: AnyObject {
    /// An endpoint was chosen.
    /// - Returns: fields for it, each in the place of received ones with its name.
    func attemptBegan(at endpoint: String) -> [(name: String, value: String)]
    /// The attempt has failed, and another may follow.
    func attemptEnded(_ end: TracedEnd)
    /// The request is over, and with it the attempt that has not ended.
    func ended(_ end: TracedEnd, _ request: TracedOutcome)
}

/// A request as it came.
package struct TracedRequest: Sendable {
    /// As it was sent.
    package var method: String
    /// In normal form.
    package var host: String
    /// Without its query.
    package var path: String
    /// Whether it came over TLS.
    package var isSecure: Bool
    /// The client's address.
    package var client: String
    /// Its fields, names in lower case.
    package var fields: [(name: String, value: String)]

    init(_ exchange: Exchange) {
        method = String(decoding: exchange.request.methodBytes, as: UTF8.self)
        host = exchange.request.authority.hostText
        path = String(decoding: exchange.request.pathBytes, as: UTF8.self)
        isSecure = exchange.cameByTLS
        client = String(decoding: exchange.clientAddress, as: UTF8.self)
        let fields = exchange.request.fields
        self.fields = fields.lines.filter { !$0.removed }.map {
            (
                String(decoding: fields.name(of: $0), as: UTF8.self).lowercased(),
                String(decoding: fields.value(of: $0), as: UTF8.self)
            )
        }
    }
}

/// How an attempt, or a whole request, ended.
package struct TracedEnd: Sendable {
    /// The status of the answer; 0 for none.
    package var status: Int
    /// The failure code, if it failed.
    package var code: String?
    /// More about that.
    package var detail: String?
    /// Whether it counts as an error.
    package var isError: Bool
}

/// What became of a request.
package struct TracedOutcome: Sendable {
    /// As in the log.
    package var id: String
    /// The domain that has served it, as it is written.
    package var domain: String?
    /// The path of its route.
    package var route: String?
    /// Its cluster.
    package var cluster: String?
    /// How the request ended, as the client sees it.
    package var end: TracedEnd
}

extension ExchangeRecord {
    /// Whether the request counts as an error: what the client has done wrong does not (OpenTelemetry, HTTP spans).
    var isErrorOfRequest: Bool {
        status >= 500 || fault != nil && fault != .clientClosed && status < 400
    }

    /// Whether the last attempt counts as an error.
    var isErrorOfAttempt: Bool {
        responseBegan != nil && status >= 400 || fault.map { $0.row.blamesEndpoint } ?? false
    }
}

extension Exchange {
    /// The route, if one was found.
    var matchedRoute: Route? {
        guard let number = routeNumber, let routes = domain?.routes, let first = routes.first else { return nil }
        // Routes of a domain are numbered one after the other.
        let place = number - first.number
        return routes.indices.contains(place) && routes[place].number == number ? routes[place] : nil
    }

    /// Takes the request's place in a trace, or has the embedding program take it.
    func beginTrace() {
        if let spans = worker.spans {
            trace = spans.context(of: request, isTrusted: client?.isTrusted ?? false)
        } else if let tracer = worker.tracer {
            traced = tracer.began(TracedRequest(self))
        }
    }

    /// Tells of an endpoint that was chosen, and adds what it is to be told.
    func traceAttempt(at endpoint: Endpoint) {
        guard let fields = traced?.attemptBegan(at: endpoint.text), forwarded != .none else { return }
        for (name, value) in fields where !RequestFilter.isReserved(name) {
            request.fields.remove(named: name)
            // What is no field was the program's mistake; the request goes on without it.
            try? request.fields.append(name: name, value: value)
        }
    }

    /// Tells of an attempt that has failed.
    func traceFailure(_ failure: AttemptFailure) {
        guard let traced else { return }
        switch failure {
        case .fault(let fault):
            traced.attemptEnded(TracedEnd(status: 0, code: fault.rawValue, detail: detail, isError: true))
        case .status(let status): traced.attemptEnded(TracedEnd(status: status, isError: true))
        }
    }

    /// Tells of the end.
    func endTrace() {
        if trace.isSampled { worker.spans?.append(self) }
        guard let traced else { return }
        let isAnswered = record.responseBegan != nil
        let attempt = TracedEnd(
            status: isAnswered ? record.status : 0, code: record.fault?.rawValue, detail: detail,
            isError: record.isErrorOfAttempt)
        let whole = TracedEnd(
            status: record.status, code: record.fault?.rawValue, detail: detail, isError: record.isErrorOfRequest)
        traced.ended(
            attempt,
            TracedOutcome(
                id: String(decoding: requestID, as: UTF8.self), domain: domain?.written,
                route: matchedRoute.map { String(decoding: $0.path, as: UTF8.self) }, cluster: cluster?.cluster.name,
                end: whole))
    }
}
