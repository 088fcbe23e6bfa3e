// `relevo top`: arguments, and the one sample for scripts.
// The live view is TopLoop's matter, what is shown RelevoTop's.

import ArgumentParser
import CLibevent
import Foundation
import RelevoAdmin
import RelevoTop

/// Shows live what a proxy serves.
struct Top: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch what a running proxy serves: domains, clusters and endpoints, live.",
        discussion: """
            Keys: d, c, e for domains, clusters, endpoints; j and k or arrows choose; s sorts; / filters; space pauses;
            D, X, E drain, disable and enable the endpoint that is chosen, after a question; ? helps; q quits.
            Colours are left out where NO_COLOR is set.
            """)

    @OptionGroup var options: AdminOptions

    @Option(help: "Seconds between two looks, 0.2 to 60.")
    var interval = 1.0

    @Flag(help: "Look twice, an interval apart, print what happened in between, and end.")
    var once = false

    func validate() throws {
        guard (0.2...60).contains(interval) else { throw ValidationError("The interval is 0.2 to 60 seconds.") }
    }

    func run() async throws {
        guard !once else { return try await sample() }
        let environment = ProcessInfo.processInfo.environment
        guard let terminal = TerminalMode(descriptor: 0), TerminalMode(descriptor: 1) != nil,
            environment["TERM"] != "dumb"
        else {
            throw CommandFailure(
                status: .usage, message: "relevo: `top` wants a terminal; `relevo top --once` prints one sample")
        }
        do throws(SystemError) {
            let isPlain = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
            try TopLoop.run(terminal, options.client, .seconds(interval), inColours: !isPlain)
        } catch {
            throw CommandFailure(status: .refused, message: "relevo: the view cannot be opened: \(error.reason)")
        }
    }

    private func sample() async throws {
        var screen = TopScreen()
        for round in 0..<2 {
            if round > 0 { try await Task.sleep(for: .seconds(interval)) }
            screen.receive(
                try options.ask { client throws(AdminError) in
                    try client.get("/v1/traffic", as: TrafficDocument.self)
                })
        }
        Terminal.say(screen.plain.joined(separator: "\n"))
    }
}
