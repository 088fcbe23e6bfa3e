// What the operator hears of the places to which news of requests go: the access log, and the collector of spans.
// Losses of both are counted beside it: DropCount.

/// News about where requests are written down.
package enum OutletNotice: Sendable, Hashable {
    /// Lines of the access log could not be written.
    case linesDropped(Int)
    /// Spans were lost because the collector did not take them.
    case spansDropped(Int)
    /// The collector of spans does not take them, since it last did.
    case collectorFails(String, reason: String)
    /// The collector of spans does not want them, since it last did.
    case collectorRefuses(String, reason: String)
    /// It takes them again.
    case collectorTakes(String)

    /// In words.
    package var text: String {
        switch self {
        case .linesDropped: "access log lines dropped: nobody took them"
        case .spansDropped: "spans dropped: the collector did not take them"
        case .collectorFails: "spans wait: the collector does not take them"
        case .collectorRefuses: "spans are lost: the collector refuses them"
        case .collectorTakes: "the collector takes spans again"
        }
    }

    /// More about it.
    package var details: [(name: String, value: String)] {
        switch self {
        case .linesDropped(let count): [("lines", "\(count)")]
        case .spansDropped(let count): [("spans", "\(count)")]
        case .collectorFails(let collector, let reason), .collectorRefuses(let collector, let reason):
            [("collector", collector), ("reason", reason)]
        case .collectorTakes(let collector): [("collector", collector)]
        }
    }

    /// Whether somebody should look.
    package var isTrouble: Bool { if case .collectorTakes = self { false } else { true } }
}
