// What active checks say of one endpoint: a state machine without a clock.
// When checks are made, and how, is decided elsewhere.

/// The record of one endpoint's checks.
///
/// | state     | passed                   | failed                   |
/// |-----------|--------------------------|--------------------------|
/// | unused    | unused                   | unused                   |
/// | unchecked | up                       | down                     |
/// | up        | up, no failures          | down, at `fall` in a row |
/// | down      | up, at `rise` in a row   | down, no passes          |
enum CheckRecord: Sendable, Hashable {
    /// The cluster has no checks.
    case unused
    /// There was no result yet; until then the endpoint serves or does not.
    case unchecked(serves: Bool)
    /// Well; so many checks have failed since the last that passed.
    case up(failures: Int)
    /// Not well, and why; so many checks have passed since the last that failed.
    case down(passes: Int, reason: String)

    /// The record before the first result.
    init(_ check: HealthCheck?) {
        self = check.map { .unchecked(serves: $0.startsUp) } ?? .unused
    }

    /// Whether nothing in it speaks against the endpoint.
    var isWell: Bool {
        switch self {
        case .unused, .up: true
        case .unchecked(let serves): serves
        case .down: false
        }
    }

    /// Takes a result in. Returns what has changed the endpoint's condition, for people; nil if nothing has.
    mutating func add(_ result: CheckResult, _ check: HealthCheck) -> String? {
        switch result {
        case .passed: passed(rise: check.rise)
        case .failed(let reason): failed(reason, fall: check.fall)
        }
    }

    private mutating func passed(rise: Int) -> String? {
        switch self {
        case .unused: return nil
        case .unchecked:
            self = .up(failures: 0)
            return "the first check passed"
        case .up:
            self = .up(failures: 0)
            return nil
        case .down(let passes, let reason):
            let count = passes.addingSaturated(1)
            guard count >= rise else {
                self = .down(passes: count, reason: reason)
                return nil
            }
            self = .up(failures: 0)
            return count == 1 ? "a check passed" : "\(count) checks passed"
        }
    }

    private mutating func failed(_ failure: String, fall: Int) -> String? {
        let reason: String
        switch self {
        case .unused: return nil
        case .unchecked: reason = "the first check failed: \(failure)"
        case .up(let failures):
            let count = failures.addingSaturated(1)
            guard count >= fall else {
                self = .up(failures: count)
                return nil
            }
            reason = count == 1 ? "a check failed: \(failure)" : "\(count) checks failed, the last: \(failure)"
        case .down(_, let earlier):
            self = .down(passes: 0, reason: earlier)
            return nil
        }
        self = .down(passes: 0, reason: reason)
        return reason
    }
}
