// What `relevo run` finds when it begins: a process that gives its place, sockets of a service manager, or nothing.
// How the place is given is RelevoAdmin's HandOver.

import CLibevent
import Foundation
import Relevo
import RelevoAdmin
import RelevoPolicy

/// What this process begins with.
struct Arrival: Sendable {
    /// Sockets, and what is known of before; nil if there is nothing.
    private(set) var inheritance: Inheritance?
    /// The process that gives its place; nil if none does.
    let claim: HandOver.Claim?
    /// What the operator should know.
    private(set) var warnings: [String] = []

    /// Nothing to begin with.
    static let empty = Arrival(inheritance: nil, claim: nil)

    private init(inheritance: Inheritance?, claim: HandOver.Claim?) {
        self.inheritance = inheritance
        self.claim = claim
    }

    /// Looks who is there: the process that has started this one, the one at an admin address, a service manager.
    /// Blocks.
    init(takingOverFrom address: String?, _ environment: [String: String]) throws(AdminError) {
        if let number = environment[HandOver.variable].flatMap({ Int32($0) }),
            let channel = DescriptorChannel(inherited: number)
        {
            claim = try HandOver.Claim(over: channel)
        } else {
            claim = try address.flatMap { address throws(AdminError) in
                try HandOver.Claim(at: AdminSettings(address))
            }
        }
        inheritance = claim?.inheritance
        guard claim == nil else { return }
        let (sockets, others) = ServiceSockets.take(environment)
        if others > 0 { warnings.append("\(others) of the sockets of $LISTEN_FDS cannot be used: they do not listen") }
        guard !sockets.isEmpty else { return }
        var groups: [Inheritance.Listener] = []
        for socket in sockets {
            if let place = groups.firstIndex(where: { $0.sockets[0].address == socket.address }) {
                groups[place].sockets.append(socket)
            } else {
                groups.append(.init(sockets: [socket]))
            }
        }
        inheritance = Inheritance(listeners: groups)
    }

    /// Takes the admin listener's socket out.
    mutating func takeSocket(of settings: AdminSettings?) -> ListeningSocket? {
        settings.flatMap { inheritance?.takeSocket(of: $0) }
    }
}
