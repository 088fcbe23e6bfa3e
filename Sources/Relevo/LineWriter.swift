// Lines for people, written without ever waiting for whoever reads them.
// For programs that own their standard error; the library writes to a logger only.

package import CLibevent
import RelevoProxy

/// Writes lines to a descriptor on a thread of its own. If the reader stalls, lines are dropped. Any thread.
package final class LineWriter: Sendable {
    private let writer: LogWriter

    /// Starts the writer's thread; the descriptor stays the caller's.
    package init(descriptor: Int32) throws(SystemError) { writer = try LogWriter(descriptor: descriptor) }

    /// Writes a line, its line feed included.
    package func write(_ line: String) { writer.write(Array(line.utf8), lines: 1) }

    /// Ends the thread after what waits has been written, at the latest after `limit`.
    package func finish(within limit: Duration) async { await writer.finish(within: limit) }
}
