// A server on a thread of its own, for programs of others that connect to it.
// Not for expectations.

import CLibevent
import CLibeventTLS
import Foundation
import Synchronization
import TestSupport
import Testing

/// Answers each connection with all that it sends, until the object goes.
final class Served {
    let port: UInt16
    private let mailbox: LoopMailbox<EventLoop>
    private let thread: LoopThread

    /// Keeps the connections of one loop.
    private final class Echo {
        private var ends: [Bufferevent] = []

        func take(_ bufferevent: Bufferevent) {
            ends.append(bufferevent)
            bufferevent.onRead = { [unowned bufferevent] in
                bufferevent.input.move(bufferevent.input.length, to: bufferevent.output)
                bufferevent.flush()
            }
            bufferevent.onSignal = { [unowned self, unowned bufferevent] signal in
                guard signal != .connected else { return }
                bufferevent.retire()
                ends.removeAll { $0 === bufferevent }
            }
            bufferevent.startReading()
        }
    }

    init(_ context: TLSServerContext) throws {
        let socket = try ListeningSocket(.loopback(port: 0), refuseIfTaken: true)
        port = try #require(socket.address.port)
        let mailbox = try LoopMailbox<EventLoop>()
        self.mailbox = mailbox
        thread = try LoopThread(name: "served") {
            guard let loop = try? EventLoop(), let jobs = try? mailbox.receive(on: loop, context: loop),
                let listener = try? ConnectionListener(loop: loop, socket: socket)
            else { return }
            let echo = Echo()
            listener.onAccept = { socket, _ in
                guard let layer = try? context.makeConnection(),
                    let bufferevent = try? Bufferevent(loop: loop, socket: socket, layer: layer)
                else { return }
                echo.take(bufferevent)
            }
            loop.run()
            listener.close()
            jobs.close()
        }
    }

    deinit {
        mailbox.post { $0.stop() }
        thread.join()
    }

    /// What `openssl s_client` says of one connection.
    func openssl(_ arguments: String...) throws -> String {
        try run(["openssl", "s_client", "-connect", "127.0.0.1:\(port)"] + arguments, input: "Q\n")
    }
}
