// Requests that failed or were slow, as values for programs; docs/admin.md describes each.
// They are remembered and explained elsewhere.

import Foundation
import Relevo

/// A request that is remembered.
public struct FailureDocument: Codable, Sendable, Hashable {
    /// Something that happened to it.
    public struct Event: Codable, Sendable, Hashable {
        /// Milliseconds since the first byte of the request's head.
        public var ms: Double
        /// In words.
        public var text: String
    }

    /// The identifier.
    public var id: String
    /// When it was over (RFC 3339).
    public var time: String
    /// From the first byte of its head to the end.
    public var durationMs: Double
    /// Why it failed; nil if an endpoint's answer went to the client.
    public var code: String?
    /// What the client got; 0 for nothing.
    public var status: Int
    /// As it came, made printable.
    public var method: String
    /// The host in normal form.
    public var host: String
    /// As it came, made printable and cut after 1 KiB.
    public var target: String
    /// The client's address.
    public var client: String
    /// The domain that took it.
    public var domain: String?
    /// The route, as it is written.
    public var route: String?
    /// The cluster's name.
    public var cluster: String?
    /// The last endpoint that was tried.
    public var endpoint: String?
    /// Why it went so: sentences.
    public var explanation: String
    /// Where to look.
    public var advice: String?
    /// What happened, in its order.
    public var timeline: [Event]

    init(_ request: RecentRequest) {
        id = request.id
        time = Date(timeIntervalSince1970: Double(request.endedAt) / 1000)
            .formatted(
                .iso8601.year().month().day().timeZone(separator: .omitted).time(includingFractionalSeconds: true))
        durationMs = request.milliseconds
        code = request.fault?.rawValue
        status = request.status
        method = request.method
        host = request.host
        target = request.target
        client = request.client
        domain = request.domain
        route = request.route
        cluster = request.cluster
        endpoint = request.endpoint
        explanation = request.explanation.joined(separator: " ")
        advice = request.advice
        timeline = request.timeline.map { Event(ms: $0.milliseconds, text: $0.text) }
    }
}

/// Those that are remembered.
public struct FailuresDocument: Codable, Sendable {
    /// The newest first.
    public var failures: [FailureDocument]
}

/// What is asked about them: `?id=4f2a…&limit=50`.
struct FailureQuery {
    /// How many are told if nothing is said, and at most.
    static let limits = (usual: 50, most: 10_000)

    private(set) var id: String?
    private(set) var limit = Self.limits.usual

    /// Reads the parts of a query; nil if one means nothing.
    init?(_ parts: [String]) {
        for part in parts {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, let value = String(pair[1]).removingPercentEncoding else { return nil }
            switch pair[0] {
            case "id": id = value
            case "limit":
                guard let number = Int(value), (1...Self.limits.most).contains(number) else { return nil }
                limit = number
            default: return nil
            }
        }
    }
}
