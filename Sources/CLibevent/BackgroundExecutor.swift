// A thread of low priority for tasks that have time: what they do must not delay threads that serve somebody.
// Not for work that blocks for long: all of its tasks share the one thread.

import Glibc

/// Runs tasks on a thread of its own, one after another. Any thread.
///
/// The thread ends soon after the last reference is gone; a running task has one.
public final class BackgroundExecutor: TaskExecutor {
    private let mailbox: LoopMailbox<EventLoop>

    /// Starts the thread; `name` is cut to 15 bytes.
    public init(name: String) throws(SystemError) {
        let mailbox = try LoopMailbox<EventLoop>()
        self.mailbox = mailbox
        // The thread is not waited for: its last task may be what lets go of this object.
        _ = try LoopThread.start(name: name, priority: .low) { () throws(SystemError) in
            let loop = try EventLoop()
            let jobs = try mailbox.receive(on: loop, context: loop)
            return {
                loop.run()
                jobs.close()
            }
        }
    }

    deinit { mailbox.postAlways { $0.stop() } }

    /// Takes a part of a task; called by the runtime.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        mailbox.postAlways { _ in job.runSynchronously(on: executor) }
    }
}
