// The checks of one endpoint, one after another.
// A single check is a HealthProbe.

import CLibevent
import RelevoPolicy

/// Checks an endpoint again and again. Confined to the control loop.
final class EndpointChecker {
    let endpoint: Endpoint
    /// Where it can be reached; empty while its name is unresolved.
    var addresses: [SocketAddress]
    private let loop: EventLoop
    private let check: HealthCheck
    /// How it is asked from the next check on.
    var security: EndpointSecurity
    private let onResult: (CheckResult) -> Void
    private var pause: Timer?
    private var probe: HealthProbe?
    private var turn = 0
    /// The family that is asked while there are addresses of both: that of the last check that passed.
    private var family = AddressFamily.ipv6

    /// Creates a checker that rests until ``start()``.
    init(
        loop: EventLoop, _ check: HealthCheck, _ endpoint: Endpoint, _ security: EndpointSecurity,
        onResult: @escaping (CheckResult) -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.check = check
        self.endpoint = endpoint
        self.security = security
        self.onResult = onResult
        addresses = SocketAddress(endpoint.address).map { [$0] } ?? []
        pause = try Timer(loop: loop, .once) { [unowned self] in run() }
    }

    /// Makes the first check at once.
    func start() { pause?.start(.zero) }

    /// Stops; a running check has no result.
    func close() {
        pause?.close()
        pause = nil
        probe?.close()
        probe = nil
    }

    private func run() {
        // The next check begins an interval after this one began, whatever comes of it.
        pause?.start(nextPause)
        guard !addresses.isEmpty else {
            ended(.failed("its name has no address"))
            return
        }
        // One that is slower than the interval has its time first.
        guard probe == nil else { return }
        let place = HealthProbe.Place(address: nextAddress, security: security)
        do throws(SystemError) {
            probe = try HealthProbe(loop: loop, check, of: endpoint, at: place) { [unowned self] in ended($0) }
        } catch {
            // Without a descriptor of our own the endpoint's health is not known to have changed.
            guard !error.isExhaustion, !error.isOutOfPorts else { return }
            ended(.failed(error.reason))
        }
    }

    /// Where the next check goes: to one address after the other, of one family while that passes. A family that is
    /// dead on the way there would otherwise fail every other check.
    private var nextAddress: SocketAddress {
        let wanted = addresses.filter { AddressFamily($0) == family }
        let candidates = wanted.isEmpty ? addresses : wanted
        turn = (turn + 1) % candidates.count
        let address = candidates[turn]
        return check.port.map { address.withPort(UInt16(clamping: $0)) } ?? address
    }

    private func ended(_ result: CheckResult) {
        probe = nil
        if case .failed = result { family = family == .ipv6 ? .ipv4 : .ipv6 }
        onResult(result)
    }

    private var nextPause: Duration {
        var random = SystemRandomNumberGenerator()
        return .nanoseconds(Int64(clamping: check.pause(using: &random)))
    }
}

@available(*, unavailable)
extension EndpointChecker: Sendable {}
