// `relevo run` and `relevo version`.
// The serving itself is in Serving.swift.

import ArgumentParser
import CLibevent

/// Serves a configuration.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a configuration until SIGTERM or SIGINT.",
        discussion: """
            On SIGTERM or SIGINT running exchanges may finish (timeouts.shutdown, 30s by default), then the process
            ends with code 0. A second signal ends it at once. On SIGHUP the file is read again: what differs is applied
            as a whole, or not at all and said why. Access log lines go to standard output, everything
            else to standard error.
            """)

    @Argument(help: "The configuration file.")
    var file: String

    func run() async throws { try await Serving(.read(file), file: file).serve() }
}

/// Prints versions.
struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the versions of Relevo and what it is made of.")

    /// The version of this source tree.
    static let number = "0.1.0-dev"

    /// What `relevo version` and `relevo --version` print.
    static var text: String {
        """
        relevo   \(number)
        swift    \(compiler)
        libevent \(EventLoop.libraryVersion)
        """
    }

    func run() { Terminal.say(Self.text) }

    private static var compiler: String {
        #if compiler(>=6.4)
            "6.4 or later"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }
}
