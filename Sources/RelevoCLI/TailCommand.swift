// `relevo tail`: requests of a running proxy, as they end.
// Lines come from its admin listener; how they look is TailText's matter.

import ArgumentParser
import CLibevent
import Foundation
import RelevoAdmin
import RelevoPolicy

/// Shows requests as they end.
struct Tail: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the requests of a running proxy, as they end.",
        discussion: """
            Whatever `access_log` says: what it leaves out of lines (`redact`) is left out here, too. Times are UTC. \
            ^C ends it.

            A condition compares fields of the access log: texts by = != ~ !~, where * in the value of ~ and !~ stands \
            for anything; numbers by = != < <= > >=. `and` binds closer than `or`; a value with spaces wants quotes.

            Example: relevo tail --where 'code ~ connect.* or duration_ms > 2s and path ~ /api/*'

            Fields: \(RequestCondition.Field.allCases.map(\.rawValue).joined(separator: ", ")).
            """)

    @Option(name: .customLong("where"), help: ArgumentHelp("Which requests.", valueName: "condition"))
    var condition: String?

    @OptionGroup var options: AdminOptions

    @Option(help: "End after so many requests.")
    var count: Int?

    @Flag(help: "Print the lines of the access log, in JSON.")
    var json = false

    func validate() throws {
        guard count ?? 1 > 0 else { throw ValidationError("--count is at least 1.") }
        guard let condition else { return }
        do throws(ConditionError) {
            _ = try RequestCondition(condition)
        } catch {
            throw ValidationError("--where: \(error).")
        }
    }

    func run() throws {
        var path = "/v1/tail"
        if let condition {
            path += "?where=" + (condition.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")
        }
        var left = count ?? .max
        var isRead = true
        try options.ask { client throws(AdminError) in
            try client.follow(path) { line in
                let text = json ? line : Array(TailText.line(line).utf8)
                isRead = FileOutput.writeAll(text + [0x0A], to: 1)
                left -= TailText.isRequest(line) ? 1 : 0
                return isRead && left > 0
            }
        }
        guard isRead, left > 0 else { return }
        throw CommandFailure(status: .refused, message: "relevo: the proxy has ended, or another process serves now")
    }
}

/// Writes what `relevo tail` prints.
enum TailText {
    private struct Line: Decodable {
        var time: String
        var requestId: String
        var method: String
        var host: String
        var target: String
        var status: Int
        var durationMs: Double
        var cluster: String?
        var endpoint: String?
        var code: String?
        var detail: String?
    }

    /// Whether a line tells of a request, and not of lines that were dropped.
    static func isRequest(_ line: [UInt8]) -> Bool { !line.starts(with: "{\"dropped\"".utf8) }

    /// A line for people.
    static func line(_ bytes: [UInt8]) -> String {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        if !isRequest(bytes), let found = try? decoder.decode([String: Int].self, from: Data(bytes)) {
            return "-- \(found["dropped"] ?? 0) lines were dropped: who reads here is too slow --"
        }
        guard let line = try? decoder.decode(Line.self, from: Data(bytes)) else {
            return printable(String(decoding: bytes, as: UTF8.self))
        }
        let request = line.method.isEmpty ? "no valid request line" : "\(line.method) \(line.host)\(line.target)"
        var parts = [String(line.time.prefix(23).suffix(12)), "\(line.status)", request]
        parts.append(String(format: line.durationMs < 10 ? "%.1f ms" : "%.0f ms", line.durationMs))
        if let endpoint = line.endpoint { parts.append("→ \(line.cluster.map { $0 + " " } ?? "")\(endpoint)") }
        if let code = line.code {
            parts.append(code + (line.detail.map { ": \($0)" } ?? ""))
            parts.append("(relevo why \(line.requestId))")
        }
        return printable(parts.joined(separator: "  "))
    }

    /// What clients send must not move the cursor of who looks on.
    private static func printable(_ text: String) -> String {
        var found = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x202A...0x202E, 0x2066...0x2069:
                found += "\\u{\(String(scalar.value, radix: 16))}"
            default: found.unicodeScalars.append(scalar)
            }
        }
        return found
    }
}
