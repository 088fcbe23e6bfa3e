// The reader's end of an access log: a pipe whose lines are kept in memory, or one that nobody reads.
// What the fields mean is documented in docs/configuration.md.

import Foundation
import Glibc

/// A line of the access log.
package struct LogLine: Sendable {
    /// The line as it was written, without its line feed.
    package var text: String

    /// The text of a field.
    package func text(_ name: String) -> String? { object[name] as? String }

    /// The number of a field.
    package func number(_ name: String) -> Int? { (object[name] as? NSNumber)?.intValue }

    /// The failure code.
    package var code: String? { text("code") }

    /// Whether the line is one JSON object.
    package var isValid: Bool { !object.isEmpty }

    private var object: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]) ?? [:]
    }
}

/// Collects the lines that are written to a pipe.
package final class LogReader: Sendable {
    /// Where the lines are written to.
    package let writeEnd: Int32
    private let bytes = Watched<[UInt8]>([])
    private let hasEnded = Watched(false)
    private let isOpen = Flag()

    /// Opens the pipe and begins to read.
    package init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw WireError.system("pipe", errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        writeEnd = ends[1]
        isOpen.set(true)
        let readEnd = ends[0]
        Thread.detachNewThread { [bytes, hasEnded] in
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = buffer.withUnsafeMutableBytes { Glibc.read(readEnd, $0.baseAddress, $0.count) }
                if count <= 0 { break }
                bytes.change { $0 += buffer[0..<count] }
            }
            Glibc.close(readEnd)
            hasEnded.change { $0 = true }
        }
    }

    deinit { finish() }

    /// Closes the writer's end and waits until everything was read.
    package func finish() {
        guard isOpen.exchange(false) else { return }
        Glibc.close(writeEnd)
        hasEnded.wait { $0 }
    }

    /// The lines so far.
    package var lines: [LogLine] {
        String(decoding: bytes.current, as: UTF8.self).split(separator: "\n").map { LogLine(text: String($0)) }
    }

    /// Waits until there are so many lines.
    package func lines(_ count: Int) -> [LogLine] {
        bytes.wait { bytes in bytes.count { $0 == 10 } >= count }
        return lines
    }

    /// Waits for the first line, or the n-th from 0.
    package func line(_ index: Int = 0) throws -> LogLine {
        let found = lines(index + 1)
        guard found.count > index else { throw WireError.timeout }
        return found[index]
    }
}
