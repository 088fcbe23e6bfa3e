// Where a running proxy writes about requests: the access log, and the collector of spans.
// What is written there is RelevoProxy's matter.

import CLibevent
import RelevoPolicy
import RelevoProxy

/// The access log and the exporter of spans, as far as they are configured. Any thread.
struct Outlets: Sendable {
    let log: LogWriter?
    let spans: SpanExporter?

    /// Of a proxy that has none.
    static let none = Outlets(log: nil, spans: nil)

    private init(log: LogWriter?, spans: SpanExporter?) {
        self.log = log
        self.spans = spans
    }

    /// Opens what the configuration says; of what fails nothing is left open.
    /// - Parameter tracing: false if spans go elsewhere.
    static func open(
        _ configuration: ProxyConfiguration, tracing: Bool, notify: @escaping @Sendable (ProxyNotice) -> Void
    ) async throws(StartError) -> Outlets {
        let log = try openLog(configuration.accessLog, notify)
        do throws(StartError) {
            return Outlets(log: log, spans: tracing ? try openSpans(configuration, notify) : nil)
        } catch {
            await log?.finish(within: .seconds(1))
            throw error
        }
    }

    private static func openLog(
        _ log: AccessLog, _ notify: @escaping @Sendable (ProxyNotice) -> Void
    ) throws(StartError) -> LogWriter? {
        guard let settings = log.settings else { return nil }
        do throws(SystemError) {
            return try LogWriter(settings.target) { notify(.outlet(.linesDropped($0))) }
        } catch {
            guard let path = settings.target.path, error.call == .open || error.call == .connect else {
                throw StartError(listener: nil, reason: error)
            }
            throw StartError(listener: nil, file: path, reason: error)
        }
    }

    private static func openSpans(
        _ configuration: ProxyConfiguration, _ notify: @escaping @Sendable (ProxyNotice) -> Void
    ) throws(StartError) -> SpanExporter? {
        // What the collector's address is was checked with the configuration.
        guard let settings = configuration.tracing, let collector = try? TraceCollector(settings) else { return nil }
        let target = SpanTarget(collector, service: settings.service, resolver: configuration.resolver)
        do throws(SystemError) {
            return try SpanExporter(target, notify: notify)
        } catch {
            throw StartError(listener: nil, reason: error)
        }
    }

    /// Writes what waits, as far as somebody takes it within `limit`, and ends.
    func finish(within limit: Duration) async {
        await log?.finish(within: limit)
        log?.tellOfDrops()
        await spans?.finish(within: limit)
    }
}
