// The proxy's own news as lines on standard error.
// Requests are the access log's matter.

import CLibevent
import Foundation
import Logging
import Relevo

/// Writes `time level message key=value …`, one line for each message.
struct LineLogHandler: LogHandler {
    /// Where lines go. A reader of standard error that stalls must not hold a worker up.
    let writer: LineWriter
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let pairs = all.sorted { $0.key < $1.key }.map { " \($0.key)=\(Self.text($0.value))" }
        let time = Date.now.formatted(.iso8601)
        let level = "\(event.level)".padding(toLength: 7, withPad: " ", startingAt: 0)
        writer.write("\(time) \(level) \(event.message)\(pairs.joined())\n")
    }

    private static func text(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): text.contains(" ") ? "\"\(text)\"" : text
        case .stringConvertible(let value): text(.string(value.description))
        case .array(let values): values.map(text).joined(separator: ",")
        case .dictionary(let values): text(.string("\(values)"))
        }
    }
}
