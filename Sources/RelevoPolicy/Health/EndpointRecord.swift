// All that is known about the health of one endpoint, and what it amounts to.
// What its neighbours have to do with it is the matter of ClusterHealth.

/// The record of one endpoint.
struct EndpointRecord: Sendable, Hashable {
    /// What an operator wants of an endpoint.
    enum Duty: Sendable, Hashable {
        case enabled, draining, disabled
    }

    /// The endpoint's text: what it is known by across reloads.
    let text: String
    /// Its weight as configured.
    let configuredWeight: Int
    /// Its weight as ordered since.
    var orderedWeight: Int?
    /// What an operator wants of it.
    var duty: Duty = .enabled
    /// What checks say.
    var checks: CheckRecord
    /// How it has served; nil if nothing follows from that.
    var service: ServiceRecord?

    /// Creates the record of an endpoint of which nothing is known.
    init(_ endpoint: Endpoint, check: HealthCheck?, rules: EjectionRules?) {
        text = endpoint.text
        configuredWeight = endpoint.weight
        checks = CheckRecord(check)
        service = rules.map(ServiceRecord.init)
    }

    /// Its weight.
    var weight: Int { orderedWeight ?? configuredWeight }

    /// What an operator would have to order for another record to be the same in this.
    var orders: [EndpointOrder] {
        let duties: [EndpointOrder] =
            switch duty {
            case .enabled: []
            case .draining: [.drain]
            case .disabled: [.disable]
            }
        return duties + (orderedWeight.map { [.weight($0)] } ?? [])
    }

    /// Whether it is ejected, be it down besides or not.
    var isEjected: Bool { service?.term != nil }

    /// Whether nothing speaks against giving it requests.
    var isWell: Bool { duty == .enabled && checks.isWell && !isEjected }

    /// What it amounts to: orders before checks, and checks before ejections.
    var condition: EndpointCondition {
        switch (duty, checks, service?.term) {
        case (.disabled, _, _): .disabled
        case (.draining, _, _): .draining
        case (.enabled, .down(_, let reason), _): .down(reason)
        case (.enabled, _, let term?): .ejected(until: term.until, term.reason)
        case (.enabled, .unchecked, nil): .unchecked
        case (.enabled, .unused, nil), (.enabled, .up, nil): .up
        }
    }
}
