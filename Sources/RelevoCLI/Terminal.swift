// Texts for people: results on standard output, complaints on standard error.
// Log lines of the proxy are written by LineLogHandler.

import CLibevent

/// Writes to the terminal, or to whatever stands in for it.
enum Terminal {
    /// Writes a result; ends the line if the text does not.
    static func say(_ text: String) { write(text, to: 1) }

    /// Writes a complaint; ends the line if the text does not.
    static func complain(_ text: String) { write(text, to: 2) }

    private static func write(_ text: String, to descriptor: Int32) {
        guard !text.isEmpty else { return }
        _ = FileOutput.writeAll(Array((text.hasSuffix("\n") ? text : text + "\n").utf8), to: descriptor)
    }
}
