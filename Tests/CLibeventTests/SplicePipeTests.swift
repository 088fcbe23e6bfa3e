// Bytes that go from socket to socket through a pipe: what moves, what waits, and how ends and failures are told.
// Not for when a body is worth a pipe, nor for what a shortage of descriptors means to a whole proxy: the proxy's tests
// have that.

import CLibevent
import Foundation
import Glibc
import Testing

@Suite struct SplicePipeTests {
    /// Two connections on one loop and a pipe between them: sender -> source, target -> receiver.
    private struct Way {
        let loop: EventLoop
        let sender: Bufferevent
        let source: Bufferevent
        let target: Bufferevent
        let receiver: Bufferevent
        let pipe: SplicePipe

        init() throws {
            loop = try EventLoop()
            (sender, source) = try connectedSockets(loop)
            (target, receiver) = try connectedSockets(loop)
            pipe = try SplicePipe()
        }

        /// Sends bytes and waits until they can be read at the source.
        func send(_ bytes: [UInt8]) throws {
            sender.send(bytes)
            try #require(serve(loop) { !source.isQuiet })
        }

        /// Fills the pipe and the target's side until neither takes more.
        func stuff() throws {
            let block = [UInt8](repeating: 1, count: 1 << 20)
            for _ in 0..<100 {
                if source.isQuiet { try send(block) }
                _ = pipe.fill(from: source, upTo: .max)
                while pipe.held > 0 {
                    guard case .moved = pipe.empty(into: target) else { return }
                }
            }
            Issue.record("the target takes everything")
        }
    }

    /// What an outcome came to, in words that can be compared.
    private static func word(_ outcome: SplicePipe.Outcome) -> String {
        switch outcome {
        case .moved(let count): "moved \(count)"
        case .blocked: "blocked"
        case .ended: "ended"
        case .failed(let error): "failed in \(error.call)"
        }
    }

    @Test("bytes arrive whole and in order, past both buffers, however slowly the target takes them")
    func order() throws {
        let way = try Way()
        let (source, target, pipe) = (way.source, way.target, way.pipe)
        let expected = pattern(24 << 20)
        let received = try Evbuffer()
        var pauses = 0
        var reads = 0
        defer {
            // Their closures know each other.
            source.close()
            target.close()
        }
        func move() {
            while true {
                while pipe.held > 0 {
                    guard case .moved = pipe.empty(into: target) else {
                        pauses += 1
                        source.stopReading()
                        return target.awaitWritable()
                    }
                }
                guard case .moved = pipe.fill(from: source, upTo: .max) else { return }
            }
        }
        source.onReadable = {
            move()
            return true
        }
        source.onRead = { reads += 1 }
        target.onWritten = {
            source.startReading()
            move()
        }
        way.sender.output.append(expected)
        way.sender.flush()
        source.startReading()
        try #require(serve(way.loop) { pauses > 0 })
        way.receiver.onRead = { [unowned receiver = way.receiver] in receiver.input.move(.max, to: received) }
        way.receiver.startReading()
        try #require(serve(way.loop) { received.length == expected.count })
        #expect(Data(bytes(of: received)) == Data(expected))
        #expect(reads == 0)
        #expect(source.input.isEmpty && target.output.isEmpty)
        #expect(pipe.held == 0)
    }

    @Test("no more is taken than was asked for, and nothing if that is nothing")
    func bound() throws {
        let way = try Way()
        try way.send(Array("first second".utf8))
        #expect(Self.word(way.pipe.fill(from: way.source, upTo: 0)) == "blocked")
        #expect(Self.word(way.pipe.fill(from: way.source, upTo: 5)) == "moved 5")
        #expect(way.pipe.held == 5)
        way.source.startReading()
        #expect(serve(way.loop) { way.source.input.length == 7 })
        #expect(text(of: way.source.input) == " second")
    }

    @Test("a pipe that holds bytes takes no others")
    func occupied() throws {
        let way = try Way()
        try way.send(Array("abc".utf8))
        #expect(Self.word(way.pipe.fill(from: way.source, upTo: 2)) == "moved 2")
        #expect(Self.word(way.pipe.fill(from: way.source, upTo: 1)) == "blocked")
        #expect(way.pipe.held == 2)
        #expect(Self.word(way.pipe.empty(into: way.target)) == "moved 2")
        #expect(Self.word(way.pipe.empty(into: way.target)) == "blocked")
        #expect(Self.word(way.pipe.fill(from: way.source, upTo: 1)) == "moved 1")
    }

    @Test("bytes that follow others that wait in the input are not taken")
    func behindInput() throws {
        let way = try Way()
        way.source.startReading()
        way.sender.send(Array("read".utf8))
        try #require(serve(way.loop) { way.source.input.length == 4 })
        way.source.stopReading()
        try way.send(Array("spliced".utf8))
        #expect(Self.word(way.pipe.fill(from: way.source, upTo: .max)) == "blocked")
        way.source.input.drain(4)
        #expect(Self.word(way.pipe.fill(from: way.source, upTo: .max)) == "moved 7")
    }

    @Test("nothing overtakes what waits in the output")
    func behindOutput() throws {
        let way = try Way()
        try way.send(Array("second".utf8))
        #expect(Self.word(way.pipe.fill(from: way.source, upTo: .max)) == "moved 6")
        way.target.output.append("first ")
        #expect(Self.word(way.pipe.empty(into: way.target)) == "blocked")
        way.target.flush()
        #expect(Self.word(way.pipe.empty(into: way.target)) == "moved 6")
        way.receiver.startReading()
        #expect(serve(way.loop) { way.receiver.input.length == 12 })
        #expect(text(of: way.receiver.input) == "first second")
    }

    @Test("a full target keeps the rest in the pipe; its owner is told when there is room, once")
    func full() throws {
        let way = try Way()
        var told = 0
        way.target.onWritten = { told += 1 }
        try way.stuff()
        let held = way.pipe.held
        #expect(held > 0)
        way.target.awaitWritable()
        settle(way.loop)
        #expect(told == 0)
        #expect(Self.word(way.pipe.empty(into: way.target)) == "blocked")
        #expect(way.pipe.held == held)
        way.receiver.onRead = { [unowned receiver = way.receiver] in receiver.input.drain(.max) }
        way.receiver.startReading()
        try #require(serve(way.loop) { told > 0 })
        settle(way.loop)
        #expect(told == 1)
        while way.pipe.held > 0 {
            guard case .moved = way.pipe.empty(into: way.target) else { break }
        }
        #expect(way.pipe.held < held)
    }

    @Test("the source's end is told behind its last bytes, and again")
    func end() throws {
        let way = try Way()
        try way.send(Array("last".utf8))
        way.sender.shutdownOutput()
        settle(way.loop)
        #expect(Self.word(way.pipe.fill(from: way.source, upTo: .max)) == "moved 4")
        #expect(Self.word(way.pipe.empty(into: way.target)) == "moved 4")
        #expect(Self.word(way.pipe.fill(from: way.source, upTo: .max)) == "ended")
        #expect(Self.word(way.pipe.fill(from: way.source, upTo: .max)) == "ended")
    }

    @Test("a source that was reset has failed in reading; one that is silent has not")
    func reset() throws {
        let way = try Way()
        #expect(Self.word(way.pipe.fill(from: way.source, upTo: .max)) == "blocked")
        way.sender.close(.reset)
        try #require(serve(way.loop) { way.source.isReset })
        #expect(Self.word(way.pipe.fill(from: way.source, upTo: .max)) == "failed in read")
    }

    @Test("a dead target has failed in writing, and an end that is read from it afterwards is in doubt")
    func deadTarget() throws {
        let way = try Way()
        try way.send(Array("for nobody".utf8))
        #expect(Self.word(way.pipe.fill(from: way.source, upTo: .max)) == "moved 10")
        #expect(!way.target.hasWriteFailed)
        way.receiver.close(.reset)
        try #require(serve(way.loop) { way.target.isReset })
        #expect(Self.word(way.pipe.empty(into: way.target)) == "failed in write")
        #expect(way.target.hasWriteFailed)
        #expect(way.pipe.held == 10)
    }

    @Test("on a loop's thread a dead target does not end a process that leaves SIGPIPE as it is")
    func pipeSignal() async {
        await #expect(processExitsWith: .success) {
            let thread = try LoopThread(name: "splice") {
                do {
                    let way = try Way()
                    signal(SIGPIPE, SIG_DFL)
                    try way.send([1])
                    _ = way.pipe.fill(from: way.source, upTo: 1)
                    way.receiver.close(.reset)
                    _ = serve(way.loop) { way.target.isReset }
                    // The first failure is the reset, each later one a broken pipe.
                    _ = way.pipe.empty(into: way.target)
                    guard case .failed = way.pipe.empty(into: way.target) else { exit(1) }
                } catch { exit(2) }
            }
            thread.join()
        }
    }

    @Test("a closed end neither gives nor takes")
    func closed() throws {
        let way = try Way()
        try way.send(Array("abc".utf8))
        #expect(Self.word(way.pipe.fill(from: way.source, upTo: 1)) == "moved 1")
        way.target.close()
        #expect(Self.word(way.pipe.empty(into: way.target)) == "blocked")
        way.source.close()
        let (target, _) = try connectedSockets(way.loop)
        #expect(Self.word(way.pipe.empty(into: target)) == "moved 1")
        #expect(Self.word(way.pipe.fill(from: way.source, upTo: 1)) == "blocked")
    }

    @Test("who says that it has seen to the bytes is asked again; who does not has them read")
    func onReadable() throws {
        let way = try Way()
        var asked = 0
        var reads = 0
        var takes = true
        way.source.onReadable = {
            asked += 1
            return takes
        }
        way.source.onRead = { reads += 1 }
        way.source.startReading()
        try way.send(Array("abc".utf8))
        #expect(serve(way.loop) { asked > 2 })
        #expect(reads == 0 && way.source.input.isEmpty)
        takes = false
        #expect(serve(way.loop) { reads == 1 })
        #expect(text(of: way.source.input) == "abc")
        // Behind bytes that wait in the input nobody is asked.
        takes = true
        let before = asked
        way.sender.send(Array("def".utf8))
        #expect(serve(way.loop) { reads == 2 })
        #expect(asked == before)
        #expect(text(of: way.source.input) == "abcdef")
    }

    @Test("both descriptors are closed with the pipe, held bytes or not; without descriptors there is an error")
    func descriptors() async {
        await #expect(processExitsWith: .success) {
            let way = try Way()
            try way.send([1])
            var taken = try exhaustDescriptors()
            for _ in 0..<2 {
                let error = #expect(throws: SystemError.self) { _ = try SplicePipe() }
                #expect(error?.call == .pipe)
                #expect(error?.isExhaustion == true)
                taken.removeLast()
            }
            // Two are free now: enough for one pipe at a time, again and again.
            for _ in 0..<3 {
                try way.send([1])
                let pipe = try SplicePipe()
                #expect(Self.word(pipe.fill(from: way.source, upTo: 1)) == "moved 1")
                #expect(throws: SystemError.self) { _ = try SplicePipe() }
            }
            #expect(taken.count > 0)
        }
    }
}
