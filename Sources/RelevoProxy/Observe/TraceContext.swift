// The place of a request in a trace: what the client has sent on, and the proxy's own spans in it.
// How spans are written: SpanLine.

import RelevoHTTP
import RelevoPolicy

/// Identifiers of one request's spans; a plain copy costs nothing.
struct TraceContext: BitwiseCopyable {
    /// Whether spans are made at all.
    private(set) var isOn = false
    /// Whether the trace begins here.
    private(set) var isNew = true
    /// Whether its spans are reported.
    private(set) var isSampled = false
    /// The trace's identifier.
    private(set) var trace: (high: UInt64, low: UInt64) = (0, 0)
    /// The span of whoever has sent the request; 0 for none.
    private(set) var parent: UInt64 = 0
    /// The proxy's own, from the request's first byte to the end of its answer.
    private(set) var span: UInt64 = 0

    /// Of a request without traces.
    init() {}

    /// Continues the trace that a request names, or begins one.
    /// - Parameter isSampled: whether it is reported, unless the sender has decided that.
    init(_ received: TraceParent?, isTrusted: Bool, isSampled: Bool, using random: inout RandomSource) {
        isOn = true
        span = Self.identifier(using: &random)
        guard let received else {
            trace = (random.next(), Self.identifier(using: &random))
            self.isSampled = isSampled
            return
        }
        isNew = false
        trace = received.trace
        parent = received.span
        self.isSampled = isTrusted ? received.isSampled : isSampled
    }

    private static func identifier(using random: inout RandomSource) -> UInt64 { max(1, random.next()) }

    /// The span of an attempt, by how many have failed before it.
    func span(ofAttempt number: Int) -> UInt64 {
        var derived = RandomSource(seed: span &+ UInt64(truncatingIfNeeded: number))
        return Self.identifier(using: &derived)
    }

    /// What the endpoint of an attempt is told.
    func passage(attempt number: Int) -> TracePassage {
        TracePassage(TraceParent(trace: trace, span: span(ofAttempt: number), isSampled: isSampled), isNew: isNew)
    }
}
