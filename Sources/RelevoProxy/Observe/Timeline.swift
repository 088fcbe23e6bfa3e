// What happened to a request, one event after another, from the times that its exchange has noted.
// Why it ended so: RequestStory.

import CLibevent
import RelevoPolicy

/// The events of one request.
struct Timeline {
    /// In their order.
    private(set) var events: [RequestStory.Event] = []
    private let start: MonotonicTime

    /// - Parameter isOver: false for one that goes on.
    init(_ trace: RequestTrace, isOver: Bool = true) {
        start = trace.record.started
        began(trace)
        for (index, failure) in trace.failures.enumerated() { failed(failure, index + 1) }
        lastAttempt(trace)
        if isOver { ended(trace) }
        // Those of one moment stay as they are.
        events = events.enumerated().sorted {
            ($0.element.nanoseconds, $0.offset) < ($1.element.nanoseconds, $1.offset)
        }
        .map(\.element)
    }

    private mutating func add(_ time: MonotonicTime, _ text: String) {
        events.append(.init(nanoseconds: time >= start ? time.nanoseconds(since: start) : 0, text: text))
    }

    private mutating func began(_ trace: RequestTrace) {
        let record = trace.record
        let peer = trace.peer.map { " of \($0)" } ?? ""
        let listener = trace.listener.map { " to \($0)" } ?? ""
        add(record.started, "request \(record.requestNumber) on the connection\(peer)\(listener) begins")
        guard let domain = trace.domain else {
            if record.headComplete > record.started { add(record.headComplete, "its head is complete") }
            return
        }
        var text = "its head is complete: domain `\(domain.written)`\(Self.place(domain.location))"
        if let route = trace.route { text += ", route `\(route.text)`\(Self.place(route.location))" }
        if let cluster = trace.cluster { text += ", cluster `\(cluster.name)`\(Self.place(cluster.location))" }
        add(record.headComplete, text)
    }

    private static func place(_ location: SourceLocation?) -> String { location.map { " (\($0))" } ?? "" }

    private mutating func failed(_ attempt: FailedAttempt, _ number: Int) {
        let kept = attempt.wasReused ? " by a kept connection" : ""
        add(attempt.began, "attempt \(number): \(attempt.endpoint.text) is chosen\(kept)")
        let words =
            switch attempt.failure {
            case .fault(let fault): "\(fault.rawValue)\(attempt.detail.map { " (\($0))" } ?? "")"
            case .status(let status): "answered \(status)"
            }
        let sent = attempt.wasSent ? "the request was sent" : "nothing was sent"
        add(attempt.began.advanced(by: attempt.nanoseconds), "attempt \(number) failed: \(words); \(sent)")
    }

    private mutating func lastAttempt(_ trace: RequestTrace) {
        let record = trace.record
        if let held = record.heldSince { add(held, "no endpoint can be reached: the request is held") }
        if let short = record.shortSince { add(short, "no descriptor is free: the request waits for one") }
        if let queued = record.queuedSince { add(queued, "all endpoints are full: the request waits in line") }
        guard let endpoint = trace.endpoint, record.isAttemptOpen else { return }
        let number = trace.failures.count + 1
        let kept = record.upstreamReused ? " by a kept connection" : ""
        add(record.attemptBegan, "attempt \(number): \(endpoint.text) is chosen\(kept)")
        if !record.upstreamReused, let connected = record.connected, connected >= record.attemptBegan {
            add(connected, "the connection is open")
        }
        if record.sent >= record.attemptBegan { add(record.sent, "the request is sent") }
        if let answered = record.responseBegan { add(answered, "the answer begins") }
    }

    private mutating func ended(_ trace: RequestTrace) {
        let record = trace.record
        let sent = "\(record.bytesSent) bytes"
        guard let fault = record.fault else {
            return add(trace.end, "the answer is complete: status \(record.status), \(sent)")
        }
        switch fault {
        case .clientClosed: add(trace.end, "the client has left")
        case .upstreamTruncated: add(trace.end, "\(fault.rawValue): the client's connection ends after \(sent)")
        default:
            let answer = record.status > 0 ? "the client gets \(record.status)" : "the connection ends"
            add(trace.end, "\(fault.rawValue): \(answer)")
        }
    }
}
