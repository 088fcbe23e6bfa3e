// What is known about an endpoint at the moment, as values that go to workers, logs and metrics.
// How it comes about: ClusterHealth.

/// What workers may do with an endpoint.
package struct EndpointStanding: Sendable, Hashable {
    /// Whether it may get new requests.
    package var isAvailable: Bool
    /// Its share beside the others' weights, as configured or as ordered since; 0 to 1000.
    package var weight: Int
    /// When it came back into service, in nanoseconds: a slow start, if the cluster has one, counts from here. Nil for
    /// full weight: it has been in service from the start, or it is not now.
    package var recovered: UInt64?
    /// For people and metrics; ``isAvailable`` alone decides, since a cluster without any well endpoint tries others.
    package var state: EndpointCondition

    /// Creates a standing; without arguments that of an endpoint of which nothing bad is known.
    package init(
        isAvailable: Bool = true, weight: Int = 1, recovered: UInt64? = nil, state: EndpointCondition = .up
    ) {
        self.isAvailable = isAvailable
        self.weight = weight
        self.recovered = recovered
        self.state = state
    }
}

/// How an endpoint is. Where several cases hold, the one that stands last here is told.
package enum EndpointCondition: Sendable, Hashable {
    /// In service.
    case up
    /// No check has had a result yet. It serves if the settings say so, or if it did before they changed.
    case unchecked
    /// Out of service, by how it served, until the time in nanoseconds; with the reason.
    case ejected(until: UInt64, String)
    /// Out of service, by checks; with what took it down, which stays even when later checks fail for other reasons.
    case down(String)
    /// No new requests, by order; those that it has are left to end.
    case draining
    /// Out of service, by order.
    case disabled

    /// One word for metrics and logs.
    package var name: String {
        switch self {
        case .up: "up"
        case .unchecked: "unchecked"
        case .ejected: "ejected"
        case .down: "down"
        case .draining: "draining"
        case .disabled: "disabled"
        }
    }

    /// Whether an operator keeps it out of service.
    var isOrdered: Bool { self == .draining || self == .disabled }

    /// Whether an endpoint that comes into service from here has been away: a first start is no recovery.
    var isAbsence: Bool {
        switch self {
        case .up, .unchecked: false
        case .ejected, .down, .draining, .disabled: true
        }
    }
}

/// What one active check has found.
package enum CheckResult: Sendable, Hashable {
    /// The endpoint is well.
    case passed
    /// It is not, and why: `connection refused`, `status 500 instead of 200-399`.
    case failed(String)
}

/// What an operator may do with an endpoint at run time.
package enum EndpointOrder: Sendable, Hashable {
    /// Puts it back into service, as far as checks say that it is well.
    case enable
    /// Gives it no new requests.
    case drain
    /// Takes it out of service. The health model treats it as ``drain``, but for that it does not count any more among
    /// those of which a share may be ejected.
    case disable
    /// Sets its weight until the next such order; what is beyond 0 to 1000 counts as the nearer of these.
    case weight(Int)
}
