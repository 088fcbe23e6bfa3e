// Requests that failed or were slow, as plain values with words: why each went as it did.
// They are remembered in RelevoProxy.

import CLibevent
public import RelevoPolicy
import RelevoProxy

/// A request that is remembered because it failed, or because its answer was slow to begin.
public struct RecentRequest: Sendable, Hashable {
    /// Something that happened to it.
    public struct Event: Sendable, Hashable {
        /// Milliseconds since the first byte of the request's head.
        public var milliseconds: Double
        /// In words.
        public var text: String
    }

    /// The identifier: `X-Request-ID` of the answer, `request_id` of the access log.
    public var id: String
    /// When it was over, in milliseconds since 1970.
    public var endedAt: Int64
    /// From the first byte of its head to the end, in milliseconds.
    public var milliseconds: Double
    /// Why it failed; nil if an endpoint's answer went to the client.
    public var fault: Fault?
    /// What the client got; 0 for nothing.
    public var status: Int
    /// As it came, made printable; empty if there was no valid request line.
    public var method: String
    /// The host in normal form.
    public var host: String
    /// As it came, made printable and cut after 1 KiB.
    public var target: String
    /// The client's address.
    public var client: String
    /// The domain that took it, as it is written.
    public var domain: String?
    /// The route, as it is written.
    public var route: String?
    /// The cluster's name.
    public var cluster: String?
    /// The last endpoint that was tried.
    public var endpoint: String?
    /// Why it went so: sentences.
    public var explanation: [String]
    /// Where to look, for the operator.
    public var advice: String?
    /// What happened, in its order.
    public var timeline: [Event]
}

extension RecentRequest {
    init(_ story: RequestStory) {
        id = story.id
        endedAt = Int64(story.ended.seconds) * 1000 + Int64(story.ended.nanoseconds / 1_000_000)
        milliseconds = Self.milliseconds(story.nanoseconds)
        fault = story.fault
        status = story.status
        method = story.method
        host = story.host
        target = story.target
        client = story.client
        domain = story.domain
        route = story.route
        cluster = story.cluster
        endpoint = story.endpoint
        explanation = story.explanation
        advice = story.advice
        timeline = story.timeline.map { Event(milliseconds: Self.milliseconds($0.nanoseconds), text: $0.text) }
    }

    /// With three digits: more are not known.
    private static func milliseconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds / 1000) / 1000 }
}

extension ReverseProxy {
    /// Requests that failed or were slow, the newest first, as `ProxyConfiguration.recent` says; empty unless the proxy
    /// runs. Any thread.
    /// - Parameters:
    ///   - id: only those with this identifier: several if a trusted proxy has used it more than once.
    ///   - limit: how many at most.
    public func recentRequests(_ id: String? = nil, limit: Int = .max) async -> [RecentRequest] {
        await runningGroup?.recent(id, limit: limit).map { RecentRequest($0) } ?? []
    }
}
