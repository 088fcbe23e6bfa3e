// What `relevo run` finds when it begins: a process that gives its place, sockets of a service manager, or nothing.
// How the place is given is RelevoAdmin's HandOver.

import CLibevent
import Foundation
import Relevo
import RelevoAdmin
import RelevoPolicy
import Synchronization

/// What this process begins with. Whatever is taken out of it is gone: a socket is open for as long as anybody has it.
final class Arrival: Sendable {
    /// The process that gives its place; nil if none does.
    let claim: HandOverClaim?
    /// What the operator should know.
    let warnings: [String]
    private let gift: Mutex<HandOverClaim.Gift?>
    /// Where the sockets of a service manager are.
    let serviceAddresses: [SocketAddress]

    /// Paths whose sockets somebody else has, too.
    let sharedPaths: Set<String>

    /// The environment's variable for how many of the last sockets of `LISTEN_FDS` are this process' own: it has opened
    /// them itself, as root.
    static let ownVariable = "RELEVO_OWN_SOCKETS"

    /// Nothing to begin with.
    static let empty = Arrival(nil, nil, [], [])

    private init(
        _ claim: HandOverClaim?, _ gift: HandOverClaim.Gift?, _ warnings: [String], _ addresses: [SocketAddress]
    ) {
        self.claim = claim
        self.warnings = warnings
        serviceAddresses = addresses
        let shared = gift?.inheritance.listeners.filter { claim != nil || !$0.ownsFile } ?? []
        let sockets = shared.flatMap(\.sockets) + (gift?.admin.map { [$0.socket] } ?? [])
        sharedPaths = Set(sockets.compactMap { if case .unix(let path) = $0.address { path } else { nil } })
        self.gift = Mutex(gift)
    }

    /// Looks who is there: the process that has started this one, the one at an admin address, a service manager.
    /// Blocks.
    static func look(takingOverFrom address: String?, _ environment: [String: String]) throws(AdminError) -> Arrival {
        let (sockets, others) = ServiceSockets.take(environment)
        let number = environment[HandOver.variable].flatMap { Int32($0) }
        if let channel = number.flatMap({ DescriptorChannel(inherited: $0) }) {
            let (claim, gift) = try HandOverClaim.take(over: channel)
            return Arrival(claim, gift, [], [])
        }
        if let address, let (claim, gift) = try HandOverClaim.ask(at: AdminSettings(address)) {
            return Arrival(claim, gift, [], [])
        }
        var warnings: [String] = []
        if others > 0 { warnings.append("\(others) of the sockets of $LISTEN_FDS cannot be used: they do not listen") }
        if others < 0 { warnings.append("$LISTEN_FDS is no number of sockets: none is used") }
        let own = environment[ownVariable].flatMap { Int($0) } ?? 0
        let gift = HandOverClaim.Gift(inheritance: Inheritance(listeners: group(sockets, own: own)), admin: nil)
        let foreign = sockets.dropLast(max(0, min(own, sockets.count)))
        return Arrival(nil, sockets.isEmpty ? nil : gift, warnings, foreign.map(\.address))
    }

    private static func group(_ sockets: [ListeningSocket], own: Int) -> [Inheritance.Listener] {
        var groups: [Inheritance.Listener] = []
        for (index, socket) in sockets.enumerated() {
            if let place = groups.firstIndex(where: { $0.sockets[0].address == socket.address }) {
                groups[place].sockets.append(socket)
            } else {
                groups.append(.init(sockets: [socket], ownsFile: index >= sockets.count - own))
            }
        }
        return groups
    }

    /// The admin listener's socket, once. One of a service manager is refused if others can open it.
    func takeAdminSocket() throws(AdminError) -> AdminSocket? {
        let found: AdminSocket? = gift.withLock { gift in
            defer { gift = nil }
            return gift?.admin
        }
        if let found, !found.ownsFile, let mode = found.socket.fileMode, mode & 0o077 != 0 {
            throw AdminError(
                refusing: "the socket of $LISTEN_FDS for `admin` can be opened by others: it wants `SocketMode=0600`")
        }
        return found
    }

    /// What there is for the proxy, once; nil if there is nothing. The admin listener's socket stays here.
    func takeInheritance(besideAdmin settings: AdminSettings?) -> Inheritance? {
        gift.withLock { gift in
            guard var inheritance = gift?.inheritance else { return nil }
            var admin = gift?.admin
            if claim == nil, let settings {
                let place = inheritance.listeners.firstIndex { $0.sockets.first?.address == settings.socketAddress }
                let taken = place.map { inheritance.listeners.remove(at: $0) }
                admin = taken.flatMap { taken in
                    taken.sockets.first.map { AdminSocket($0, ownsFile: taken.ownsFile) }
                }
            } else if let found = admin, !(settings.map { found.socket.address.isWhere($0) } ?? false) {
                // The new configuration wants it somewhere else, or nowhere.
                admin = nil
            }
            gift = HandOverClaim.Gift(inheritance: Inheritance(listeners: []), admin: admin)
            return inheritance
        }
    }
}

extension SocketAddress {
    /// Whether an admin listener's settings mean this place.
    fileprivate func isWhere(_ settings: AdminSettings) -> Bool {
        let wanted = settings.socketAddress
        return self == wanted || (wanted.port == 0 && withPort(0) == wanted)
    }
}
