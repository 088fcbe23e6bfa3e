// Which listeners are open, and which of them stay when others are configured. Opens and closes nothing itself, but for
// the sockets that it is asked for.
// What clients meet is in Door.

package import CLibevent
package import RelevoPolicy

/// A listener that is open.
package struct OpenListener: Sendable {
    /// What the configuration says.
    package let spec: ListenerSpec
    /// Listeners that have had one number have always admitted clients alike.
    let number: Int
    /// Where clients reach it, with the real port.
    package let address: SocketAddress
    /// Whether the file of a unix socket is removed with it.
    package let ownsFile: Bool
}

/// The open listeners of a group, in the order of the configuration.
package struct ListenerSet: Sendable {
    /// Nothing is open.
    package init() {}

    private(set) var listeners: [OpenListener] = []
    private var lastNumber = 0

    /// A wish that an open listener fulfils, or one that needs new sockets.
    enum Place: Sendable, Equatable {
        case kept(Int)
        case new
    }

    /// Where each of the wanted listeners comes from. The same address is the same listener; of several with a port
    /// that the system chooses, the first is the first.
    func places(of specs: [ListenerSpec]) -> [Place] {
        var free: [ListenerAddress: [Int]] = [:]
        for (index, open) in listeners.enumerated().reversed() { free[open.spec.address, default: []].append(index) }
        return specs.map { spec in free[spec.address]?.popLast().map { .kept($0) } ?? .new }
    }

    /// The set with other listeners; `opened` are the new ones, in their order.
    func replaced(by specs: [ListenerSpec], _ places: [Place], opened: OpenedSockets) -> ListenerSet {
        var next = self
        var fresh = zip(opened.addresses, opened.ownsFiles).makeIterator()
        next.listeners = zip(specs, places).map { spec, place in
            switch place {
            case .kept(let index):
                let same = listeners[index]
                let number = same.spec.admitsAlike(spec) ? same.number : next.newNumber()
                return OpenListener(spec: spec, number: number, address: same.address, ownsFile: same.ownsFile)
            case .new:
                let (address, ownsFile) = fresh.next() ?? (spec.address.socketAddress, true)
                return OpenListener(spec: spec, number: next.newNumber(), address: address, ownsFile: ownsFile)
            }
        }
        return next
    }

    private mutating func newNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }

    /// The paths that are open here and not there.
    func paths(notIn other: ListenerSet) -> [String] { paths(notIn: other.paths) }

    /// The paths that are open here and not among others.
    func paths(notIn others: [String]) -> [String] { Set(paths).subtracting(others).sorted() }

    /// The paths of the file system that are open and end with this set.
    var paths: [String] {
        listeners.filter(\.ownsFile).compactMap { if case .unix(let path) = $0.address { path } else { nil } }
    }
}

/// What was opened for listeners. Any thread.
package struct OpenedSockets: Sendable {
    /// Those of each listener, at least one for each worker.
    package fileprivate(set) var sockets: [[ListeningSocket]] = []
    /// Whether the file of each listener ends with it.
    fileprivate(set) var ownsFiles: [Bool] = []
    /// The paths that came into being: what a failed start would leave on disk.
    fileprivate(set) var paths: [String] = []

    /// Where clients reach each listener.
    var addresses: [SocketAddress] { sockets.map { $0[0].address } }

    /// One worker's part: of each listener one socket, or more where there are more than workers.
    func share(of worker: Int, among workers: Int) -> [[ListeningSocket]] {
        sockets.map { all in stride(from: worker, to: all.count, by: workers).map { all[$0] } }
    }

    /// Removes what a failed start would leave on disk; before the sockets close, while nobody else can have the paths.
    func removeFiles() {
        for path in paths { FileOutput.removeSocket(path) }
    }
}

extension ListenerSet {
    /// Opens one socket for each worker at each address. The first of each looks whether the address is free.
    ///
    /// Where a listener of this set has the address, or one that contains it or is part of it, the look is left out: it
    /// would find that one, and who goes from one address to all of them, or back, is not to be refused for what is its
    /// own. The same holds for what is inherited.
    /// - Throws: with nothing left open.
    package func open(
        _ specs: [ListenerSpec], workers: Int, inheriting inherited: InheritedListeners = InheritedListeners()
    ) throws(StartError) -> OpenedSockets {
        let own = listeners.map(\.address) + inherited.addresses
        var inherited = inherited
        var result = OpenedSockets()
        for (spec, given) in zip(specs, inherited.take(for: specs)) {
            do throws(SystemError) {
                let wanted = spec.address.socketAddress
                var sockets = given?.sockets ?? []
                if sockets.isEmpty {
                    let isOwn = own.contains { wanted.overlaps($0) }
                    sockets = [try ListeningSocket(wanted, refuseIfTaken: !isOwn)]
                    if case .unix(let path) = sockets[0].address { result.paths.append(path) }
                }
                for index in sockets.count..<max(workers, sockets.count) {
                    sockets.append(try Self.sibling(of: sockets[index % sockets.count], isOurs: given == nil))
                }
                result.sockets.append(sockets)
                result.ownsFiles.append(given?.ownsFile ?? true)
            } catch {
                result.removeFiles()
                throw StartError(listener: spec, reason: error)
            }
        }
        return result
    }

    /// TCP: a socket of its own for each worker, so that the kernel spreads the clients. A unix path has only one
    /// queue, so workers share it, as they share what somebody else has opened and does not let us stand beside.
    private static func sibling(of first: ListeningSocket, isOurs: Bool) throws(SystemError) -> ListeningSocket {
        guard first.sharesPort else { return try first.duplicate() }
        do throws(SystemError) {
            return try ListeningSocket(first.address, refuseIfTaken: false)
        } catch {
            if isOurs { throw error }
            return try first.duplicate()
        }
    }
}

extension ListenerAddress {
    /// The form in which it is opened.
    var socketAddress: SocketAddress {
        switch self {
        case .literal(let host, let port):
            SocketAddress(literal: host, port: UInt16(clamping: port)) ?? .loopback(port: UInt16(clamping: port))
        case .unix(let path): .unix(path: path)
        }
    }
}

extension SocketAddress {
    /// Whether both are the same port of the same address, or of all addresses of a family.
    func overlaps(_ other: SocketAddress) -> Bool {
        guard let port, port != 0, port == other.port else { return false }
        switch (self, other) {
        case (.ipv4(let one, _), .ipv4(let two, _)): return one == two || one == 0 || two == 0
        case (.ipv6(let high, let low, _, _), .ipv6(let otherHigh, let otherLow, _, _)):
            return (high, low) == (otherHigh, otherLow) || (high, low) == (0, 0) || (otherHigh, otherLow) == (0, 0)
        default: return false
        }
    }
}

extension ListenerSpec {
    /// Whether another lets the same clients in and treats them alike, whatever certificates are shown to them.
    func admitsAlike(_ other: ListenerSpec) -> Bool {
        guard headerSenders == other.headerSenders, redirect == other.redirect else { return false }
        guard let tls, let others = other.tls else { return tls == nil && other.tls == nil }
        return tls.unlocated.client == others.unlocated.client
    }
}
