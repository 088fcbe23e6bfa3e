// The signals of a process that belongs to Relevo.
// The library itself never touches signals.

import CLibevent
import Foundation

/// Waits for signals on a thread of its own.
final class ProcessSignals: Sendable {
    private let thread: LoopThread

    /// Calls `onSignal` for each arrival of one of the signals, on the watching thread.
    init(_ signals: [Int32], onSignal: @escaping @Sendable (Int32) -> Void) throws(SystemError) {
        let ready = DispatchSemaphore(value: 0)
        thread = try LoopThread(name: "relevo-signals") {
            guard let loop = try? EventLoop() else {
                ready.signal()
                return
            }
            let sources = signals.compactMap { number in
                try? SignalSource(loop: loop, signal: number) { onSignal(number) }
            }
            ready.signal()
            loop.run()
            for source in sources { source.close() }
        }
        ready.wait()
    }

    /// The name of a signal that Relevo watches.
    static func name(_ number: Int32) -> String {
        switch number {
        case SIGTERM: "SIGTERM"
        case SIGINT: "SIGINT"
        case SIGHUP: "SIGHUP"
        case SIGUSR1: "SIGUSR1"
        case SIGUSR2: "SIGUSR2"
        default: "signal \(number)"
        }
    }
}
