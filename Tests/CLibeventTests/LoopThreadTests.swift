// Threads: their name, their signals, their end.
// Not for the jobs that other threads give them: those are in LoopMailboxTests.

import CLibevent
import Foundation
import Synchronization
import Testing

@Suite struct LoopThreadTests {
    /// What `body` finds on a thread of its own.
    private func onThread<Value: Sendable>(
        name: String = "test", _ body: @escaping @Sendable () -> Value?
    ) throws -> Value? {
        let found = Mutex<Value?>(nil)
        let thread = try LoopThread(name: name) {
            let value = body()
            found.withLock { $0 = value }
        }
        thread.join()
        return found.withLock { $0 }
    }

    private func nameOfThread(_ name: String) throws -> String? {
        try onThread(name: name) {
            let text = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
            return text?.trimmingCharacters(in: .newlines)
        }
    }

    @Test("a thread that cannot be prepared ends, and its reason is thrown to whoever starts it")
    func failedPreparation() throws {
        #expect(throws: SystemError(EMFILE, in: .accept)) {
            try LoopThread.start(name: "test") { () throws(SystemError) in throw SystemError(EMFILE, in: .accept) }
        }
        let runs = Atomic(0)
        let thread = try LoopThread.start(name: "test") { () throws(SystemError) in
            runs.add(1, ordering: .relaxed)
            return { runs.add(10, ordering: .relaxed) }
        }
        #expect(runs.load(ordering: .relaxed) % 10 == 1)
        thread.join()
        #expect(runs.load(ordering: .relaxed) == 11)
    }

    @Test("the body has run when join returns, on a thread of its own")
    func join() throws {
        let own = pthread_self()
        let other = try onThread { pthread_self() }
        #expect(other != nil)
        #expect(other != own)
    }

    @Test("a second join returns at once, and a thread need not be joined at all")
    func joinTwice() throws {
        let runs = Atomic<Int>(0)
        let thread = try LoopThread(name: "test") { runs.add(1, ordering: .relaxed) }
        thread.join()
        thread.join()
        #expect(runs.load(ordering: .relaxed) == 1)
        let mailbox = try LoopMailbox<Token>()
        let loop = try EventLoop()
        let token = Token()
        let receiver = try mailbox.receive(on: loop, context: token)
        var detached: LoopThread? = try LoopThread(name: "test") {
            mailbox.post { _ in runs.add(1, ordering: .relaxed) }
        }
        let remembered = Remembered(detached)
        detached = nil
        #expect(remembered.isGone)
        #expect(serve(loop) { runs.load(ordering: .relaxed) == 2 })
        receiver.close()
    }

    @Test("what the body holds is let go of with the thread's end")
    func captures() throws {
        var token: Token? = Token()
        let remembered = Remembered(token)
        let thread = try LoopThread(name: "test") { [token] in withExtendedLifetime(token) {} }
        token = nil
        thread.join()
        #expect(remembered.isGone)
    }

    @Test(
        "a thread bears its name, cut to what the system takes",
        arguments: ["relevo-0", "a-name-of-more-than-15-bytes"])
    func name(_ name: String) throws {
        #expect(try nameOfThread(name) == String(name.prefix(15)))
    }

    @Test(
        "a name beyond ASCII is cut to 15 bytes, at the border of a character")
    func longName() throws {
        #expect(try nameOfThread(String(repeating: "\u{E9}", count: 15)) == String(repeating: "\u{E9}", count: 7))
    }

    @Test("signals that could end the process are blocked on the thread")
    func signals() throws {
        let text = try onThread { try? String(contentsOfFile: "/proc/thread-self/status", encoding: .utf8) }
        let line = try #require(text?.split(separator: "\n").first { $0.hasPrefix("SigBlk:") })
        let mask = try #require(UInt64(line.split(separator: "\t").last ?? "", radix: 16))
        for signal in [SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD] {
            #expect(mask & (1 << UInt64(signal - 1)) != 0, "signal \(signal)")
        }
    }

    @Test("a loop is created, run and stopped on its own thread by jobs from another")
    func wholeLife() throws {
        let mailbox = try LoopMailbox<EventLoop>()
        let thread = try LoopThread(name: "loop") { [mailbox] in
            guard let loop = try? EventLoop() else { return }
            let receiver = try? mailbox.receive(on: loop, context: loop)
            loop.run()
            receiver?.close()
        }
        let jobs = Atomic<Int>(0)
        for _ in 0..<100 { mailbox.post { _ in jobs.add(1, ordering: .relaxed) } }
        mailbox.post { $0.stop() }
        thread.join()
        #expect(jobs.load(ordering: .relaxed) == 100)
        #expect(!mailbox.post { _ in })
    }

    @Test("a broken pipe on the thread is an error of the write, not the process' end")
    func brokenPipe() async {
        await #expect(processExitsWith: .success) {
            let pipe = Pipe()
            try pipe.fileHandleForReading.close()
            let descriptor = pipe.fileHandleForWriting.fileDescriptor
            let isWritten = Mutex<Bool?>(nil)
            let thread = try LoopThread(name: "test") {
                let outcome = FileOutput.writeAll([1, 2, 3], to: descriptor)
                isWritten.withLock { $0 = outcome }
            }
            thread.join()
            #expect(isWritten.withLock { $0 } == false)
        }
    }
}
