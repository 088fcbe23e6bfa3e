// Another configuration for a running proxy: checked as a whole, applied as a whole or not at all.
// What changes is said by ReloadPlan, how it is carried out is RelevoProxy's matter.

public import CLibevent
import Logging
public import RelevoPolicy
import RelevoProxy

/// What a reload has changed.
public struct ReloadReport: Sendable, Hashable {
    /// The differences between the configurations.
    public var plan: ReloadPlan
    /// Exchanges that run on with listeners, routes or endpoints that are gone, until ``Timeouts/drain`` is over.
    public var leaving: Int
    /// Where clients are accepted now, in the order of the listeners, with real ports.
    public var addresses: [SocketAddress]
}

/// Why a reload has changed nothing.
public enum ReloadError: Error, Sendable, CustomStringConvertible {
    /// The configuration is wrong: everything that is wrong with it.
    case configuration(ConfigurationError)
    /// The system refuses something, such as a listener.
    case refused(ProxyStartError)
    /// The differences include some that only a start can make.
    case needsRestart([ReloadPlan.Item])
    /// The proxy does not run.
    case notRunning
    /// Whoever has asked for it does not want it any more.
    case superseded

    /// The reason in words.
    public var description: String {
        switch self {
        case .configuration(let error): error.problems.map(\.description).joined(separator: "\n")
        case .refused(let error): "\(error)"
        case .needsRestart(let items):
            "only a restart can change this: "
                + items.map { "\($0.kind.rawValue) \($0.name)" }.joined(separator: ", ")
        case .notRunning: "the proxy does not run"
        case .superseded: "something else has come first"
        }
    }
}

extension ReverseProxy {
    /// What ``reload(_:)`` would change.
    /// - Throws: everything that is wrong with the configuration; its certificates are read too.
    public func plan(for configuration: ProxyConfiguration) throws(ConfigurationError) -> ReloadPlan {
        let current = served
        _ = try Material(configuration, after: current)
        return ReloadPlan(from: current.snapshot.configuration, to: configuration)
    }

    /// Serves another configuration from now on. What has not changed is not touched: connections, health and counters
    /// stay. Requests that run go on with what they began with. Reloads follow one another; any thread.
    ///
    /// New listeners are open before those that are gone close. `workers`, `access_log`, `tracing` and `admin` can only
    /// be changed by a start.
    /// - Parameter isSuperseded: asked when the reload's turn has come: whether it is not wanted any more.
    /// - Throws: ``ReloadError``, and then everything is as it was.
    @discardableResult
    public func reload(
        _ configuration: ProxyConfiguration, unless isSuperseded: @Sendable () -> Bool = { false }
    ) async throws(ReloadError) -> ReloadReport {
        await reloads.enter()
        defer { reloads.leave() }
        guard !isSuperseded() else { throw .superseded }
        let report = try await goOver(to: configuration)
        var metadata: Logger.Metadata = [:]
        if report.leaving > 0 { metadata["leaving"] = .stringConvertible(report.leaving) }
        if report.plan.items.contains(where: { $0.kind == .listener }) {
            metadata["addresses"] = .array(report.addresses.map { .string($0.description) })
        }
        logger.notice("reloaded: \(report.plan)", metadata: metadata)
        return report
    }

    /// Files have changed that only a reload can take up: the configuration stays, and all of them are read again.
    func readAgain(_ paths: [String]) async {
        await reloads.enter()
        defer { reloads.leave() }
        let files: Logger.Metadata = ["files": .array(paths.map { .string($0) })]
        do throws(ReloadError) {
            _ = try await goOver(to: served.snapshot.configuration)
            logger.notice("files read again: what they say holds from now on", metadata: files)
        } catch {
            if case .notRunning = error { return }
            logger.warning("files cannot be used: what they said before stays", metadata: files)
            for line in error.description.split(separator: "\n") { logger.warning("\(line)") }
        }
    }

    private func goOver(to configuration: ProxyConfiguration) async throws(ReloadError) -> ReloadReport {
        guard let group = runningGroup else { throw .notRunning }
        let current = served
        let next: Material
        do throws(ConfigurationError) {
            next = try Material(configuration, after: current)
        } catch {
            throw .configuration(error)
        }
        let plan = ReloadPlan(from: current.snapshot.configuration, to: configuration)
        guard plan.needsRestart.isEmpty else { throw .needsRestart(plan.needsRestart) }
        let outcome: ReloadOutcome
        do throws(StartError) {
            outcome = try await group.reload(next.snapshot, settings(next, runningOutlets ?? .none))
        } catch {
            throw .refused(ProxyStartError(error))
        }
        replace(with: next.withoutCertificates)
        for warning in next.warnings where !current.warnings.contains(warning) { logger.warning("\(warning)") }
        return ReloadReport(plan: plan, leaving: outcome.leaving, addresses: group.addresses)
    }
}
