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
    /// How a thread fares beside others of the system.
    public enum Priority: Sendable {
        /// Like any other.
        case usual
        /// Behind those of usual priority when there are not enough processors for all (`setpriority(2)`).
        case low
    }

    private static let niceness: Int32 = 10
    private let handle: Mutex<pthread_t?>

    /// Starts a thread that runs `body` and ends with it. `name` is cut to 15 bytes.
    public init(
        name: String, priority: Priority = .usual, body: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(name: name, priority: priority, body: body))
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

    /// Starts a thread that runs `prepare`, waits until that has ended, and lets the thread run what it returned.
    ///
    /// What a loop needs is opened on the loop's own thread: so the caller learns of it when there is nothing left.
    public static func start(
        name: String, priority: Priority = .usual,
        preparing prepare: @escaping @Sendable () throws(SystemError) -> () -> Void
    ) throws(SystemError) -> LoopThread {
        let gate = Gate()
        let thread = try LoopThread(name: name, priority: priority) {
            do throws(SystemError) {
                let run = try prepare()
                gate.open(nil)
                run()
            } catch {
                gate.open(error)
            }
        }
        if let error = gate.wait() {
            thread.join()
            throw error
        }
        return thread
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

    /// Lets one thread wait for the word of another.
    private final class Gate: @unchecked Sendable {
        private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
        private var error: SystemError?

        init() { sem_init(semaphore, 0, 0) }

        deinit {
            sem_destroy(semaphore)
            semaphore.deallocate()
        }

        func open(_ error: SystemError?) {
            self.error = error
            sem_post(semaphore)
        }

        func wait() -> SystemError? {
            while sem_wait(semaphore) != 0 {}
            return error
        }
    }

    private final class Start: Sendable {
        let name: String
        let priority: Priority
        let body: @Sendable () -> Void

        init(name: String, priority: Priority, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.priority = priority
            self.body = body
        }

        func run() {
            LoopThread.blockSignals()
            var cut = ""
            for character in name where (cut + String(character)).utf8.count <= 15 { cut.append(character) }
            pthread_setname_np(pthread_self(), cut)
            if priority == .low { setpriority(Int32(PRIO_PROCESS.rawValue), 0, LoopThread.niceness) }
            body()
        }
    }
}
