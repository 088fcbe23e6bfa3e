// Tells in words how a request that is remembered went: what happened when, why it ended so, and where to look.
// Made only when somebody asks; what is remembered is in RequestTrace.

package import CLibevent
package import RelevoPolicy

/// How a request went.
package struct RequestStory: Sendable {
    /// Something that happened.
    package struct Event: Sendable, Hashable {
        /// Since the first byte of the request's head.
        package var nanoseconds: UInt64
        /// In words.
        package var text: String
    }

    /// The identifier, as in the log and in the answer.
    package var id: String
    /// When it was over.
    package var ended: WallTime
    /// From the first byte of the head to the end.
    package var nanoseconds: UInt64
    /// Why it failed; nil if an endpoint's answer went to the client.
    package var fault: Fault?
    /// What the client got, or 0.
    package var status: Int
    /// As it came; empty if there was no valid request line.
    package var method: String
    /// The host in normal form.
    package var host: String
    /// As it came, cut after 1 KiB.
    package var target: String
    /// The client's address.
    package var client: String
    /// The domain that took it, as it is written.
    package var domain: String?
    /// The route, as it is written.
    package var route: String?
    /// The cluster's name.
    package var cluster: String?
    /// The last endpoint.
    package var endpoint: String?
    /// Why it went so: sentences.
    package var explanation: [String]
    /// Where to look; nil if nothing is known to be wrong.
    package var advice: String?
    /// What happened, in its order.
    package var timeline: [Event]

    init(_ trace: RequestTrace) {
        id = Self.printable(trace.id)
        ended = trace.ended
        nanoseconds = trace.end.nanoseconds(since: trace.record.started)
        fault = trace.record.fault
        status = trace.record.status
        method = Self.printable(trace.method)
        host = Self.printable(trace.host)
        target = Self.printable(trace.target)
        client = Self.printable(trace.client)
        domain = trace.domain?.written
        route = trace.route?.text
        cluster = trace.cluster?.name
        endpoint = trace.endpoint?.text
        explanation = Self.explanation(of: trace)
        advice = Self.advice(for: trace)
        timeline = Timeline(trace).events
    }

    /// Bytes of a client as text that does no harm to a terminal or a page.
    static func printable(_ bytes: [UInt8]) -> String {
        var printable: [UInt8] = []
        for byte in bytes {
            if (0x20...0x7E).contains(byte) {
                printable.append(byte)
            } else {
                printable += Array("\\x\(hex(byte))".utf8)
            }
        }
        return String(decoding: printable, as: UTF8.self)
    }

    private static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}

// MARK: - Why

extension RequestStory {
    private static func explanation(of trace: RequestTrace) -> [String] {
        var sentences: [String] = []
        let endpoint = trace.endpoint.map { "\($0.text) of cluster `\(trace.cluster?.name ?? "")`" }
        if let fault = trace.record.fault {
            sentences.append(fault.row.explanation)
            if fault.row.blamesEndpoint || fault == .upstreamStale, let endpoint {
                sentences.append(sentence("It was \(endpoint)\(trace.detail.map { ": \($0)" } ?? "")"))
            } else if let detail = trace.detail, detail != fault.row.explanation {
                sentences.append(sentence("\(detail.prefix(1).uppercased())\(detail.dropFirst())"))
            }
            if endpoint == nil, let cluster = trace.cluster, !fault.isOfRequest {
                sentences.append(sentence("The endpoints of cluster `\(cluster.name)` are \(names(of: cluster))"))
            }
        } else if trace.record.status >= 500, let endpoint {
            sentences.append("The answer is that of \(endpoint): the proxy has passed it on.")
        } else if let endpoint {
            sentences.append("It was slow: \(slowest(of: trace, endpoint)).")
        }
        let count = trace.failures.count
        if count > 0 { sentences.append("\(count) attempt\(count == 1 ? "" : "s") before the last failed; see below.") }
        if trace.record.fault != nil, let refusal = trace.refusal, refusal != .isFinal {
            sentences.append("It was not sent again: \(refusal.text).")
        }
        return sentences
    }

    private static func sentence(_ text: String) -> String { text.hasSuffix(".") ? text : text + "." }

    private static func names(of cluster: Cluster) -> String {
        let most = 8
        let names = cluster.endpoints.prefix(most).map(\.text).joined(separator: ", ")
        let rest = cluster.endpoints.count - most
        return rest > 0 ? "\(names) and \(rest) more" : names
    }

    private static func slowest(of trace: RequestTrace, _ endpoint: String) -> String {
        let record = trace.record
        guard let began = record.responseBegan else { return "no answer had begun" }
        let thought = began.nanoseconds(since: record.sent)
        let total = began.nanoseconds(since: record.headComplete)
        let share = thought * 2 >= total ? "\(endpoint) took \(SpanText.write(thought)) to begin its answer" : ""
        guard share.isEmpty else { return share }
        return "\(SpanText.write(total - thought)) went by before \(endpoint) had the request"
    }

    private static func advice(for trace: RequestTrace) -> String? {
        if let fault = trace.record.fault { return fault.advice }
        guard trace.endpoint != nil else { return nil }
        return "The endpoint's own log knows the request as X-Request-ID \(printable(trace.id))."
    }
}

/// Spans of time for people: `0.31 ms`, `12.4 ms`, `3.2 s`.
package enum SpanText {
    /// Three digits at most.
    package static func write(_ nanoseconds: UInt64) -> String {
        let microseconds = nanoseconds / 1000
        switch microseconds {
        case ..<10_000: return "\(decimal(microseconds, 10)) ms"
        case ..<1_000_000: return "\(microseconds / 1000) ms"
        default: return "\(decimal(microseconds / 1000, 100)) s"
        }
    }

    /// A thousandth with the digits that count.
    private static func decimal(_ thousandths: UInt64, _ unit: UInt64) -> String {
        let rounded = thousandths / unit
        let digits: UInt64 = 1000 / unit
        let rest = String(rounded % digits)
        let width = String(digits).count - 1
        return "\(rounded / digits)." + String(repeating: "0", count: max(0, width - rest.count)) + rest
    }
}
