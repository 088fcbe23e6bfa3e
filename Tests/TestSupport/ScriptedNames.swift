// Names that a test answers for: at once, or when it lets them go.
// Not for what real nameservers do: Dnsmasq is one.

package import CLibevent
package import CLibeventDNS
import RelevoPolicy
package import RelevoProxy
import Synchronization

/// What names lead to, as a test wants it. Any thread.
package final class ScriptedNames: Sendable {
    private struct Script {
        var addresses: [String: Result<DNSResolver.Answer, DNSFailure>] = [:]
        var services: [String: Result<DNSResolver.Services, DNSFailure>] = [:]
        var isHeld = false
        var questions: [String] = []
        var doors: [LoopMailbox<ScriptedSource>] = []
    }

    private let script = Mutex(Script())

    /// Knows these names; asked for any other, it fails as a nameserver that does not answer.
    package init(_ addresses: [String: [SocketAddress]] = [:]) {
        for (name, found) in addresses { set(name, found) }
    }

    /// From now on the name has these addresses; each keeps its own port.
    package func set(_ name: String, _ addresses: [SocketAddress], timeToLive: Duration = .seconds(1)) {
        set(name, .success(DNSResolver.Answer(addresses: addresses, timeToLive: timeToLive)))
    }

    /// From now on this is the answer for the name.
    package func set(_ name: String, _ answer: Result<DNSResolver.Answer, DNSFailure>) {
        script.withLock { $0.addresses[name] = answer }
    }

    /// From now on the name has these services.
    package func set(_ name: String, services: [DNSResolver.Service], timeToLive: Duration = .seconds(1)) {
        let answer = DNSResolver.Services(services: services, timeToLive: timeToLive)
        script.withLock { $0.services[name] = .success(answer) }
    }

    /// Lets questions wait.
    package func hold() { script.withLock { $0.isHeld = true } }

    /// Answers the questions that wait, and those that come.
    package func release() {
        let doors = script.withLock {
            $0.isHeld = false
            return $0.doors
        }
        for door in doors { door.post { $0.release() } }
    }

    /// The names that were asked for, in order.
    package var questions: [String] { script.withLock { $0.questions } }

    /// What a proxy is given.
    package var maker: NameSourceMaker {
        { [self] (loop, _) throws(DNSFailure) in
            do throws(SystemError) {
                let door = try LoopMailbox<ScriptedSource>()
                let source = ScriptedSource(self)
                source.receiver = try door.receive(on: loop, context: source)
                script.withLock { $0.doors.append(door) }
                return source
            } catch {
                throw .exhausted
            }
        }
    }

    /// Whether questions wait.
    fileprivate var isHeld: Bool { script.withLock { $0.isHeld } }

    fileprivate func answer(addressesOf name: String) -> Result<DNSResolver.Answer, DNSFailure> {
        script.withLock {
            $0.questions.append(name)
            return $0.addresses[name] ?? .failure(.timedOut)
        }
    }

    fileprivate func answer(servicesOf name: String) -> Result<DNSResolver.Services, DNSFailure> {
        script.withLock {
            $0.questions.append(name)
            return $0.services[name] ?? .failure(.timedOut)
        }
    }
}

/// A proxy's side of a script. Confined to the control loop.
private final class ScriptedSource: NameSource {
    private let names: ScriptedNames
    private var waiting: [() -> Void] = []
    var receiver: LoopMailboxReceiver<ScriptedSource>?

    init(_ names: ScriptedNames) { self.names = names }

    func addresses(
        of name: String, port: UInt16, _ done: @escaping (Result<DNSResolver.Answer, DNSFailure>) -> Void
    ) {
        whenReleased { [names] in done(names.answer(addressesOf: name)) }
    }

    func services(of name: String, _ done: @escaping (Result<DNSResolver.Services, DNSFailure>) -> Void) {
        whenReleased { [names] in done(names.answer(servicesOf: name)) }
    }

    private func whenReleased(_ answer: @escaping () -> Void) {
        if names.isHeld { waiting.append(answer) } else { answer() }
    }

    func release() {
        let due = waiting
        waiting = []
        for answer in due { answer() }
    }

    func close() {
        waiting = []
        receiver?.close()
        receiver = nil
    }
}
