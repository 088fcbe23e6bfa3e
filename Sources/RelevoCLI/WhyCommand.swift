// `relevo why`: why requests failed, or took so long.
// The running proxy remembers them and finds the words; here they are laid out.

import ArgumentParser
import Foundation
import RelevoAdmin

/// Tells why a request failed.
struct Why: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell why a request failed, or was slow.",
        discussion: """
            The identifier is on the error page, in the field X-Request-ID of the answer, and in the access log \
            (request_id). Without one the last requests that failed or were slow are listed. The proxy remembers as \
            many as `recent` of its configuration says.
            """)

    @Argument(help: ArgumentHelp("The request's identifier.", valueName: "id"))
    var id: String?

    @OptionGroup var options: AdminOptions

    @Option(help: "How many are listed at most.")
    var limit = 20

    @Flag(help: "Print everything as JSON.")
    var json = false

    func validate() throws {
        guard id?.isEmpty != true else { throw ValidationError("The identifier is empty.") }
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit is a number from 1 to 10000.") }
    }

    func run() throws {
        var path = "/v1/failures?limit=\(limit)"
        if let id { path += "&id=" + (id.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "") }
        let found = try options.ask { client throws(AdminError) in try client.get(path, as: FailuresDocument.self) }
        guard !json else { return Terminal.say(String(decoding: AdminResponse(json: found).body, as: UTF8.self)) }
        if let id, found.failures.isEmpty {
            throw CommandFailure(
                status: .refused,
                message: """
                    relevo: no request `\(id)` is remembered. It went well, or it is too long ago (`recent` in the \
                    configuration), or it was before the proxy's start. The access log may have its line.
                    """)
        }
        Terminal.say(
            id == nil ? WhyText.list(found.failures) : found.failures.map(WhyText.one).joined(separator: "\n\n"))
    }
}

/// Writes what `relevo why` prints.
enum WhyText {
    /// One request, as a page.
    static func one(_ request: FailureDocument) -> String {
        var lines = ["\(title(request))  \(request.method) \(request.host)\(request.target)", ""]
        lines += wrapped(request.explanation, indent: 2)
        if let advice = request.advice { lines += [""] + wrapped("Where to look: " + advice, indent: 2) }
        let facts = [
            ("domain", request.domain), ("route", request.route), ("cluster", request.cluster),
            ("endpoint", request.endpoint), ("client", request.client), ("ended", request.time),
        ]
        lines.append("")
        for case (let name, let value?) in facts where !value.isEmpty {
            lines.append("  " + name.padding(toLength: 10, withPad: " ", startingAt: 0) + value)
        }
        lines.append("")
        for event in request.timeline { lines.append("  \(time(event.ms))  \(event.text)") }
        return lines.joined(separator: "\n")
    }

    /// The last ones, a line each.
    static func list(_ requests: [FailureDocument]) -> String {
        guard !requests.isEmpty else { return "no request that failed or was slow is remembered" }
        let rows = requests.map { request in
            let time = request.time.prefix(19).replacingOccurrences(of: "T", with: " ")
            let place = request.endpoint ?? request.cluster ?? ""
            return "\(time)  \(request.id)  \(title(request))  \(request.method) \(request.host)\(request.target)"
                + (place.isEmpty ? "" : "  → \(place)")
        }
        return (rows + ["", "relevo why ID tells more about one of them."]).joined(separator: "\n")
    }

    private static func title(_ request: FailureDocument) -> String {
        let status = request.status == 0 ? "no answer" : "\(request.status)"
        return status + " " + (request.code ?? (request.status >= 500 ? "answered by the endpoint" : "slow"))
    }

    /// Milliseconds in a column.
    private static func time(_ milliseconds: Double) -> String {
        let text = String(format: "%.3f ms", milliseconds)
        return String(repeating: " ", count: max(0, 13 - text.count)) + text
    }

    /// Lines of 100 columns at most.
    private static func wrapped(_ text: String, indent: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + word.count + 1 + indent > 100 {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        lines.append(line)
        return lines.map { String(repeating: " ", count: indent) + $0 }
    }
}
