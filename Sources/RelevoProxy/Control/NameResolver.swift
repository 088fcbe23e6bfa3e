// Resolves the names of endpoints, off the workers' threads. When answers expire is a later matter: a name that has
// addresses keeps them, one that has none is looked up again.

package import CLibevent
package import RelevoPolicy

/// Looks up the names of a snapshot's endpoints on a few threads of its own. Confined to the control loop.
package final class NameResolver {
    /// How a name becomes addresses; `NameLookup.addresses` outside of tests. Blocks.
    package typealias Lookup = @Sendable (String, UInt16) throws(NameLookup.Failure) -> [SocketAddress]

    /// Lookups that may run at a time.
    package static let maxConcurrent = 8
    /// How long a name without addresses rests.
    package static let retryInterval: Duration = .seconds(10)

    /// Brings a job from any thread to the resolver's own.
    package typealias Post = @Sendable (@escaping @Sendable (NameResolver) -> Void) -> Void

    private let lookup: Lookup
    private let post: Post
    private let onResult: (Endpoint, Result<[SocketAddress], NameLookup.Failure>) -> Void
    private var waiting: [Endpoint] = []
    private var unresolved: [Endpoint] = []
    private var running = 0
    private var firstPass: (() -> Void)?
    private var retry: Timer?

    /// Creates a resolver. `onResult` is called on the control loop for each answer.
    package init(
        loop: EventLoop, post: @escaping Post, lookup: @escaping Lookup,
        onResult: @escaping (Endpoint, Result<[SocketAddress], NameLookup.Failure>) -> Void
    ) throws(SystemError) {
        self.lookup = lookup
        self.post = post
        self.onResult = onResult
        retry = try Timer(loop: loop, .once) { [unowned self] in
            waiting = unresolved
            unresolved = []
            startLookups()
        }
    }

    /// Looks all of them up; `done` is called once, when each has its first answer.
    package func resolve(_ endpoints: [Endpoint], done: @escaping () -> Void) {
        waiting = endpoints
        firstPass = done
        startLookups()
        finishPass()
    }

    /// Stops; answers that are still on their way are ignored.
    package func close() {
        retry?.close()
        retry = nil
        waiting = []
        unresolved = []
    }

    private func startLookups() {
        while running < Self.maxConcurrent, let endpoint = waiting.popLast() {
            guard case .name(let name, let port) = endpoint.address else { continue }
            running += 1
            let thread = try? LoopThread(name: "relevo-dns") { [lookup, post] in
                var result: Result<[SocketAddress], NameLookup.Failure>
                do throws(NameLookup.Failure) {
                    result = .success(try lookup(name, UInt16(clamping: port)))
                } catch {
                    result = .failure(error)
                }
                let answer = result
                post { $0.answered(endpoint, answer) }
            }
            if thread == nil { answered(endpoint, .failure(.noThread)) }
        }
    }

    private func answered(_ endpoint: Endpoint, _ result: Result<[SocketAddress], NameLookup.Failure>) {
        running -= 1
        switch result {
        case .success(let found) where !found.isEmpty: break
        case .success, .failure: unresolved.append(endpoint)
        }
        onResult(endpoint, result)
        startLookups()
        finishPass()
    }

    private func finishPass() {
        guard running == 0, waiting.isEmpty else { return }
        firstPass?()
        firstPass = nil
        if !unresolved.isEmpty { retry?.start(Self.retryInterval) }
    }
}

@available(*, unavailable)
extension NameResolver: Sendable {}
