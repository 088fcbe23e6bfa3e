// What root does for a proxy that runs as somebody else: it opens what only root may open, and is gone.
// The form in which sockets are passed is that of a service manager, so the program has one way to begin.

import CLibevent
import Foundation
import Relevo
import RelevoAdmin
import RelevoPolicy

/// A start by root.
struct PrivilegedStart {
    /// Those of a service manager, which are its own matter, and then those that were opened here.
    private let sockets: [ListeningSocket]
    private let ownCount: Int

    /// Opens the listeners and the admin listener.
    /// - Parameter isAlone: whether nobody has them open already, to take over from.
    init(_ configuration: ProxyConfiguration, isAlone: Bool) throws {
        let given = ServiceSockets.take(ProcessInfo.processInfo.environment).sockets
        var own: [ListeningSocket] = []
        if isAlone {
            own = try Inheritance(opening: configuration, beside: given).listeners.flatMap(\.sockets)
            if let admin = configuration.admin, !given.contains(where: { $0.address == admin.socketAddress }) {
                do {
                    let socket = try ListeningSocket(
                        admin.socketAddress, refuseIfTaken: true, mode: AdminServer.mode)
                    own.append(socket)
                } catch {
                    Self.removeFiles(of: own)
                    throw AdminError(
                        refusing: "the admin listener `\(admin.address)` cannot be opened: \(error.reason)")
                }
            }
        }
        sockets = given + own
        ownCount = own.count
    }

    /// Goes on as the user, in the same process.
    /// - Throws: if it does not come to that; then nothing is left but to end.
    func execute(as user: ProcessIdentity) throws -> Never {
        let own = sockets.suffix(ownCount)
        for case .unix(let path) in own.map(\.address) { user.own(path) }
        let program = OwnProgram.current
        do {
            try user.execute(
                program.path, arguments: program.arguments,
                environment: program.environment(adding: ["\(Arrival.ownVariable)=\(ownCount)"]), sockets: sockets)
        } catch {
            Self.removeFiles(of: own)
            throw error
        }
    }

    private static func removeFiles(of sockets: some Sequence<ListeningSocket>) {
        for case .unix(let path) in sockets.map(\.address) { FileOutput.removeSocket(path) }
    }
}
