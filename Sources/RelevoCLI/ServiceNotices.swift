// What systemd is told of a proxy: that it serves, that it reads its configuration again, that it stops, that it lives.
// The form of it is CLibevent's ServiceManager; without a service manager all of this does nothing.

import CLibevent
import Foundation
import Relevo

/// The service manager of this process, if there is one.
struct ServiceNotices {
    private let manager: ServiceManager?
    /// How long systemd waits for a sign of life; nil if it waits for none.
    private let watchdog: Duration?

    /// Looks at the process' environment.
    init(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
        manager = environment["NOTIFY_SOCKET"].flatMap { ServiceManager(socket: $0) }
        let isOurs = environment["WATCHDOG_PID"].map { $0 == "\(ProcessInfo.processInfo.processIdentifier)" } ?? true
        let time = environment["WATCHDOG_USEC"].flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil }
        watchdog = isOurs ? time.map { .microseconds($0) } : nil
    }

    /// Clients are served.
    func ready(_ addresses: [SocketAddress]) {
        let places = addresses.map(\.description).joined(separator: ", ")
        manager?.tell("READY=1", "MAINPID=\(ProcessInfo.processInfo.processIdentifier)", "STATUS=serving at \(places)")
    }

    /// The configuration is read again.
    func reloading() {
        let now = MonotonicTime.now.nanoseconds / 1000
        manager?.tell("RELOADING=1", "MONOTONIC_USEC=\(now)", "STATUS=reading the configuration again")
    }

    /// Another process serves from now on: systemd believes that of nobody but the one that has served so far.
    func handedOver(to process: Int32) { manager?.tell("MAINPID=\(process)", "STATUS=a new process serves") }

    /// The proxy ends.
    func stopping() { manager?.tell("STOPPING=1", "STATUS=running exchanges may finish") }

    /// Gives signs of life for as long as every worker answers. Ends with its task.
    func live(_ proxy: ReverseProxy) async {
        guard let manager, let watchdog else { return }
        while !Task.isCancelled {
            // A worker that stands still keeps this from coming back.
            _ = await proxy.statistics()
            manager.tell("WATCHDOG=1")
            try? await Task.sleep(for: watchdog / 3)
        }
    }
}
