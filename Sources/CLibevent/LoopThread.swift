// A thread for one event loop.
// What runs on it is the caller's matter.

import CEvent2
import Glibc
import Synchronization

/// A POSIX thread with a name, on which all signals are blocked.
///
/// Blocked signals keep SIGPIPE from ending the process when a peer has gone, without a signal handler that would
/// belong to the embedding program.
public final class LoopThread: Sendable {
    private let handle: Mutex<pthread_t?>

    /// Starts a thread that runs `body` and ends with it. `name` is cut to 15 bytes.
    public init(name: String, body: @escaping @Sendable () -> Void) throws(SystemError) {
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        let status = pthread_create(
            &thread, nil,
            { argument in
                let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
                start.run()
                return nil
            }, start.toOpaque())
        guard status == 0 else {
            start.release()
            throw SystemError(status, in: .thread)
        }
        handle = Mutex(thread)
    }

    /// Waits for the thread's end. Only the first call waits; not to be called on the thread itself.
    public func join() {
        let thread = handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
        if let thread { pthread_join(thread, nil) }
    }

    deinit {
        handle.withLock { handle in
            if let thread = handle { pthread_detach(thread) }
        }
    }

    /// Blocks all signals but those of crashes on the calling thread; what a process' own main thread may want before
    /// it waits for them.
    public static func blockSignals() {
        var all = sigset_t()
        sigfillset(&all)
        for crash in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] { sigdelset(&all, crash) }
        pthread_sigmask(SIG_BLOCK, &all, nil)
    }

    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }

        func run() {
            LoopThread.blockSignals()
            var cut = ""
            for character in name where (cut + String(character)).utf8.count <= 15 { cut.append(character) }
            pthread_setname_np(pthread_self(), cut)
            body()
        }
    }
}
