// The reader's end of an access log: a pipe whose lines are kept in memory, or one that nobody reads.
// What the fields mean is documented in docs/configuration.md.

import Foundation
import Glibc

/// A line of the access log.
package struct LogLine: Sendable {
    /// The line as it was written, without its line feed.
    package var text: String

    /// Takes a line.
    package init(text: String) { self.text = text }

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
    package var writeEnd: Int32 { pipe.writeEnd }
    private let pipe: RawPipe
    private let bytes = Watched<[UInt8]>([])
    private let hasEnded = Watched(false)
    private let isOpen = Flag()

    /// Opens the pipe and begins to read.
    package init() throws {
        let pipe = try RawPipe()
        self.pipe = pipe
        isOpen.set(true)
        Thread.detachNewThread { [bytes, hasEnded] in
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = buffer.withUnsafeMutableBytes { Glibc.read(pipe.readEnd, $0.baseAddress, $0.count) }
                if count <= 0 { break }
                bytes.change { $0 += buffer[0..<count] }
            }
            pipe.close(pipe.readEnd)
            hasEnded.change { $0 = true }
        }
    }

    deinit { finish() }

    /// Closes the writer's end and waits until everything was read.
    package func finish() {
        guard isOpen.exchange(false) else { return }
        pipe.close(writeEnd)
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
