// What root does for a proxy that runs as somebody else: it opens what only root may open, and is gone.
// The form in which sockets are passed is that of a service manager, so the program has one way to begin.

import CLibevent
import Foundation
import Relevo
import RelevoAdmin
import RelevoPolicy

/// A start by root.
struct PrivilegedStart {
    private let sockets: [ListeningSocket]

    /// Opens the listeners and the admin listener.
    /// - Parameter isAlone: whether nobody has them open already, to take over from.
    init(_ configuration: ProxyConfiguration, isAlone: Bool) throws {
        // Those of a service manager are its own matter: they come on as they are.
        var given = ServiceSockets.take(ProcessInfo.processInfo.environment).sockets
        if isAlone {
            let inheritance = try Inheritance(opening: configuration, beside: given)
            given += inheritance.listeners.flatMap(\.sockets)
            if let admin = configuration.admin, !given.contains(where: { $0.address == admin.socketAddress }) {
                given.append(
                    try ListeningSocket(admin.socketAddress, refuseIfTaken: true, mode: AdminServer.mode))
            }
        }
        sockets = given
    }

    /// Goes on as the user, in the same process. What does not come to that ends the process.
    func execute(as user: ProcessIdentity) throws -> Never {
        for case .unix(let path) in sockets.map(\.address) { user.own(path) }
        let program = OwnProgram.current
        try user.execute(
            program.path, arguments: program.arguments, environment: program.environment(), sockets: sockets)
    }
}
