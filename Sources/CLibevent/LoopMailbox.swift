// The one door into a loop from other threads.
// Not for work that has to wait: a job runs on the loop and must not block it.

import CEvent2
import Glibc
import Synchronization

/// A queue of jobs for the owner of a loop, which any thread may fill.
///
/// `Context` is what the jobs work on, usually the object that owns the loop; it never leaves the loop's thread.
public final class LoopMailbox<Context>: Sendable {
    /// A piece of work for the loop's thread.
    public typealias Job = @Sendable (Context) -> Void

    private struct State: Sendable {
        var jobs: [Job] = []
        var isClosed = false
    }

    /// Jobs that may wait at a time; more are refused.
    public static var capacity: Int { 65_536 }

    private let state = Mutex(State())
    let descriptor: Int32

    /// Creates a mailbox; jobs wait until a receiver is opened (`eventfd`).
    public init() throws(SystemError) {
        descriptor = relevo_eventfd()
        guard descriptor >= 0 else { throw SystemError.last(in: .eventfd) }
    }

    deinit { Glibc.close(descriptor) }

    /// Hands a job to the loop; any thread.
    /// - Returns: false if the loop has ended or the queue is full: the job will not run.
    @discardableResult
    public func post(_ job: @escaping Job) -> Bool { post(job, limit: Self.capacity) }

    /// The same without a bound, for jobs that nobody would repeat and that are rare.
    /// - Returns: false if the loop has ended: the job will not run.
    @discardableResult
    public func postAlways(_ job: @escaping Job) -> Bool { post(job, limit: .max) }

    private func post(_ job: @escaping Job, limit: Int) -> Bool {
        let (accepted, wake) = state.withLock { state in
            guard !state.isClosed, state.jobs.count < limit else { return (false, false) }
            state.jobs.append(job)
            return (true, state.jobs.count == 1)
        }
        if wake {
            var one: UInt64 = 1
            _ = write(descriptor, &one, 8)
        }
        return accepted
    }

    /// Begins to run jobs on `loop` with `context`. On the loop's thread; once for each mailbox.
    public func receive(on loop: EventLoop, context: Context) throws(SystemError) -> LoopMailboxReceiver<Context> {
        try LoopMailboxReceiver(mailbox: self, loop: loop, context: context)
    }

    func take() -> [Job] {
        state.withLock { state in
            defer { state.jobs = [] }
            return state.jobs
        }
    }

    func close() { state.withLock { $0.isClosed = true } }
}

/// The loop's end of a mailbox. Confined to the loop's thread.
public final class LoopMailboxReceiver<Context> {
    private let mailbox: LoopMailbox<Context>
    private var context: Context?
    private var batch: [LoopMailbox<Context>.Job] = []
    private var next = 0
    private var registration: EventRegistration?

    init(mailbox: LoopMailbox<Context>, loop: EventLoop, context: Context) throws(SystemError) {
        self.mailbox = mailbox
        self.context = context
        registration = try EventRegistration(
            core: loop.core, descriptor: mailbox.descriptor, events: Int32(EV_READ | EV_PERSIST)
        ) { [unowned self] in wake() }
        registration?.add()
    }

    deinit { close() }

    private func wake() {
        var count: UInt64 = 0
        _ = read(mailbox.descriptor, &count, 8)
        runJobs()
    }

    /// Runs all jobs in their order, also when one of them closes the receiver.
    private func runJobs() {
        guard let context else { return }
        batch += mailbox.take()
        while next < batch.count {
            next += 1
            batch[next - 1](context)
        }
        batch = []
        next = 0
    }

    /// Refuses further jobs, runs those that were accepted, and lets go of the context. Idempotent.
    public func close() {
        guard registration != nil else { return }
        mailbox.close()
        runJobs()
        registration?.close()
        registration = nil
        context = nil
    }
}

@available(*, unavailable)
extension LoopMailboxReceiver: Sendable {}
