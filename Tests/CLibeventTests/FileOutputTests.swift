// Whole blocks to a pipe that is slow, full, closed or none at all.
// Not for connections: their writing is in FlushTests.

import CLibevent
import Foundation
import Testing

@Suite struct FileOutputTests {
    @Test("all bytes arrive at the other end of a pipe, more than it holds too", arguments: [0, 1, 4 << 20])
    func pipe(_ count: Int) throws {
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        let expected = pattern(count)
        let writer = try LoopThread(name: "writer") {
            #expect(FileOutput.writeAll(expected, to: descriptor))
            try? pipe.fileHandleForWriting.close()
        }
        let received = try pipe.fileHandleForReading.readToEnd() ?? Data()
        writer.join()
        #expect(received == Data(expected))
    }

    @Test("a descriptor that does not block is waited for")
    func nonBlocking() throws {
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        #expect(fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0)
        let expected = pattern(4 << 20)
        let writer = try LoopThread(name: "writer") {
            #expect(FileOutput.writeAll(expected, to: descriptor))
            try? pipe.fileHandleForWriting.close()
        }
        let received = try pipe.fileHandleForReading.readToEnd() ?? Data()
        writer.join()
        #expect(received == Data(expected))
    }

    @Test("a pipe that nobody reads any more takes nothing", arguments: [false, true])
    func noReader(_ isNonBlocking: Bool) throws {
        SignalSource.ignore(SIGPIPE)
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        if isNonBlocking { #expect(fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0) }
        #expect(!FileOutput.writeAll([1, 2, 3], to: descriptor))
        #expect(!FileOutput.writeAll(pattern(1 << 20), to: descriptor))
    }

    @Test("a reader that goes away amid a big write ends it")
    func readerLeaves() throws {
        let pipe = Pipe()
        let descriptor = pipe.fileHandleForWriting.fileDescriptor
        #expect(fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0)
        let writer = try LoopThread(name: "writer") {
            #expect(!FileOutput.writeAll([UInt8](repeating: 1, count: 4 << 20), to: descriptor))
        }
        let first = try pipe.fileHandleForReading.read(upToCount: 1)
        try pipe.fileHandleForReading.close()
        writer.join()
        #expect(first?.count == 1)
    }

    @Test("a descriptor that is closed, or open for reading only, takes nothing")
    func noDescriptor() {
        #expect(!FileOutput.writeAll([1], to: -1))
        #expect(!FileOutput.writeAll([1], to: .max))
        let pipe = Pipe()
        #expect(!FileOutput.writeAll([1], to: pipe.fileHandleForReading.fileDescriptor))
        #expect(FileOutput.writeAll([], to: -1))
    }
}
