// Jobs from other threads: order, bounds, the mailbox's end.
// Not for threads themselves: those are in LoopThreadTests.

import CLibevent
import Synchronization
import Testing

/// What the jobs of these tests work on.
private final class Journal {
    var entries: [Int] = []
    var receiver: LoopMailboxReceiver<Journal>?
}

@Suite struct LoopMailboxTests {
    @Test("jobs run in the order of their posts, those from before the receiver first")
    func order() throws {
        let loop = try EventLoop()
        let mailbox = try LoopMailbox<Journal>()
        let journal = Journal()
        for number in 0..<3 { #expect(mailbox.post { $0.entries.append(number) }) }
        settle(loop)
        #expect(journal.entries == [])
        let receiver = try mailbox.receive(on: loop, context: journal)
        for number in 3..<6 { #expect(mailbox.post { $0.entries.append(number) }) }
        #expect(serve(loop) { journal.entries.count == 6 })
        #expect(journal.entries == Array(0..<6))
        receiver.close()
    }

    @Test("a job never runs within post, and a job posted by a job runs after those that wait")
    func nested() throws {
        let loop = try EventLoop()
        let mailbox = try LoopMailbox<Journal>()
        let journal = Journal()
        let receiver = try mailbox.receive(on: loop, context: journal)
        mailbox.post { [mailbox] in
            mailbox.post { $0.entries.append(3) }
            $0.entries.append(1)
        }
        mailbox.post { $0.entries.append(2) }
        #expect(journal.entries == [])
        #expect(serve(loop) { journal.entries.count == 3 })
        #expect(journal.entries == [1, 2, 3])
        receiver.close()
    }

    @Test("posts from many threads all arrive, each thread's in its own order")
    func manyThreads() throws {
        let loop = try EventLoop()
        let mailbox = try LoopMailbox<Journal>()
        let journal = Journal()
        let receiver = try mailbox.receive(on: loop, context: journal)
        let refused = Atomic<Int>(0)
        let threads = try (0..<4).map { thread in
            try LoopThread(name: "post-\(thread)") { [mailbox] in
                for number in 0..<2000 {
                    let isAccepted = mailbox.post { $0.entries.append(thread * 10_000 + number) }
                    if !isAccepted { refused.add(1, ordering: .relaxed) }
                }
            }
        }
        #expect(serve(loop) { journal.entries.count == 8000 })
        for thread in threads { thread.join() }
        for thread in 0..<4 {
            let own = journal.entries.filter { $0 / 10_000 == thread }.map { $0 % 10_000 }
            #expect(own == Array(0..<2000))
        }
        #expect(refused.load(ordering: .relaxed) == 0)
        receiver.close()
    }

    @Test("a full mailbox refuses and keeps what it has; with room it accepts again")
    func capacity() throws {
        let loop = try EventLoop()
        let mailbox = try LoopMailbox<Journal>()
        let journal = Journal()
        var accepted = 0
        for number in 0..<LoopMailbox<Journal>.capacity where mailbox.post({ $0.entries.append(number) }) {
            accepted += 1
        }
        #expect(accepted == LoopMailbox<Journal>.capacity)
        #expect(!mailbox.post { $0.entries.append(-1) })
        let receiver = try mailbox.receive(on: loop, context: journal)
        #expect(serve(loop) { journal.entries.count == accepted })
        #expect(mailbox.post { $0.entries.append(-2) })
        #expect(serve(loop) { journal.entries.count == accepted + 1 })
        #expect(journal.entries.last == -2)
        #expect(!journal.entries.contains(-1))
        receiver.close()
    }

    @Test("closing runs what was accepted, at once, and refuses what comes later")
    func close() throws {
        let loop = try EventLoop()
        let mailbox = try LoopMailbox<Journal>()
        let journal = Journal()
        let receiver = try mailbox.receive(on: loop, context: journal)
        mailbox.post { $0.entries.append(1) }
        receiver.close()
        #expect(journal.entries == [1])
        #expect(!mailbox.post { $0.entries.append(2) })
        receiver.close()
        settle(loop)
        #expect(journal.entries == [1])
    }

    @Test("every accepted post runs, every refused one does not, when threads post while the receiver closes")
    func closeAmidPosts() throws {
        let loop = try EventLoop()
        let mailbox = try LoopMailbox<Journal>()
        let journal = Journal()
        let receiver = try mailbox.receive(on: loop, context: journal)
        let accepted = Atomic<Int>(0)
        let threads = try (0..<3).map { thread in
            try LoopThread(name: "post-\(thread)") { [mailbox] in
                while mailbox.post({ $0.entries.append(1) }) {
                    // The mailbox may also refuse because it is full; either way this thread is done.
                    accepted.add(1, ordering: .relaxed)
                }
            }
        }
        #expect(serve(loop) { journal.entries.count > 1000 })
        receiver.close()
        for thread in threads { thread.join() }
        #expect(journal.entries.count == accepted.load(ordering: .relaxed))
    }

    @Test("a receiver may be closed and let go of by a job; the other jobs of that turn still run")
    func closeInJob() throws {
        let loop = try EventLoop()
        let mailbox = try LoopMailbox<Journal>()
        let journal = Journal()
        journal.receiver = try mailbox.receive(on: loop, context: journal)
        let receiver = Remembered(journal.receiver)
        mailbox.post {
            $0.entries.append(1)
            $0.receiver?.close()
            $0.receiver = nil
        }
        mailbox.post { $0.entries.append(2) }
        #expect(serve(loop) { journal.entries.count == 2 })
        #expect(!mailbox.post { $0.entries.append(3) })
        settle(loop)
        #expect(journal.entries == [1, 2])
        #expect(receiver.isGone)
    }

    @Test(
        "a close within a job keeps the order of those that wait")
    func orderOfCloseInJob() throws {
        let loop = try EventLoop()
        let mailbox = try LoopMailbox<Journal>()
        let journal = Journal()
        journal.receiver = try mailbox.receive(on: loop, context: journal)
        mailbox.post { [mailbox] in
            mailbox.post { $0.entries.append(3) }
            $0.entries.append(1)
            $0.receiver?.close()
            $0.entries.append(4)
        }
        mailbox.post { $0.entries.append(2) }
        #expect(serve(loop) { journal.entries.count == 4 })
        #expect(journal.entries == [1, 2, 3, 4])
    }

    @Test("closing lets go of the context and of the jobs")
    func captures() throws {
        let loop = try EventLoop()
        let mailbox = try LoopMailbox<Journal>()
        var journal: Journal? = Journal()
        var token: Token? = Token()
        let remembered = (Remembered(journal), Remembered(token))
        let receiver = try journal.map { try mailbox.receive(on: loop, context: $0) }
        mailbox.post { [token] _ in withExtendedLifetime(token) {} }
        journal = nil
        token = nil
        #expect(!remembered.0.isGone)
        receiver?.close()
        #expect(remembered.0.isGone)
        #expect(remembered.1.isGone)
    }

    @Test(
        "a mailbox whose receiver was released without close refuses further jobs")
    func releasedReceiver() throws {
        let loop = try EventLoop()
        let mailbox = try LoopMailbox<Journal>()
        var receiver: LoopMailboxReceiver<Journal>? = try mailbox.receive(on: loop, context: Journal())
        let remembered = Remembered(receiver)
        receiver = nil
        settle(loop)
        #expect(remembered.isGone)
        #expect(!mailbox.post { $0.entries.append(1) })
    }

    @Test("a mailbox may end with jobs that nobody ever received")
    func unreceived() throws {
        var mailbox: LoopMailbox<Journal>? = try LoopMailbox<Journal>()
        let remembered = Remembered(mailbox)
        mailbox?.post { _ in }
        mailbox = nil
        #expect(remembered.isGone)
    }
}
