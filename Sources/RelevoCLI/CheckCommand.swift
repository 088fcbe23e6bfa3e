// `relevo check` and `relevo explain`: answers about a configuration, without traffic.
// What is wrong or right is decided in RelevoConfig and RelevoPolicy.

import ArgumentParser
import Logging
import Relevo
import RelevoAdmin
import RelevoConfig
import RelevoPolicy

/// Says whether a configuration is right.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what is wrong with a configuration, or that it is right.",
        discussion: """
            Exit code 0 if it is right, 1 if it is not. Certificates are read; nothing else is opened, and no name is
            looked up.
            """)

    @Argument(help: "The configuration file.")
    var file: String

    @Flag(help: "Print the complete configuration with every default, and where each value comes from.")
    var effective = false

    func run() throws {
        let loaded = try LoadedConfiguration.read(file)
        let snapshot = try loaded.snapshot()
        let warnings = try loaded.warnings()
        if let admin = loaded.configuration.admin {
            do throws(AdminError) {
                try AdminServer.check(admin)
            } catch {
                throw loaded.failure(ConfigurationError([.init(error.description, location: admin.location)]))
            }
        }
        if !warnings.isEmpty {
            let warnings = ConfigurationDiagnostics.render(warnings, text: loaded.text)
            Terminal.complain(warnings.replacing(": error: ", with: ": warning: "))
        }
        Terminal.say(effective ? loaded.effectiveYAML() : "ok: \(snapshot.summary)")
    }
}

/// Says what would become of a request.
struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what would become of a request, step by step, without sending anything.",
        discussion: "Example: relevo explain relevo.yaml http://a.example/v1/users -X POST")

    @Argument(help: "The configuration file.")
    var file: String

    @Argument(help: "The URL, as a client would use it.")
    var url: String

    @Option(name: [.customShort("X"), .customLong("method")], help: "The method.")
    var method = "GET"

    @Option(name: [.customShort("H"), .customLong("header")], help: "A field, `name: value`; may be repeated.")
    var fields: [String] = []

    @Option(help: "The client's address.")
    var from = "127.0.0.1"

    private var question: RequestExplainer.Question {
        RequestExplainer.Question(url: url, method: method, fields: fields, client: from)
    }

    func validate() throws {
        if let problem = RequestExplainer.problem(with: question) { throw ValidationError(problem) }
    }

    func run() throws {
        let snapshot = try LoadedConfiguration.read(file).snapshot()
        Terminal.say(RequestExplainer(snapshot).explain(question).joined(separator: "\n"))
    }
}

extension LoadedConfiguration {
    /// What the proxy would warn about; it is made, but not started.
    func warnings() throws -> [ConfigurationProblem] {
        do {
            let silent = Logger(label: "relevo") { _ in SwiftLogNoOpLogHandler() }
            return try ReverseProxy(configuration: configuration, logger: silent).warnings
        } catch {
            throw failure(error)
        }
    }

    /// The snapshot that would be served.
    func snapshot() throws -> ProxySnapshot {
        do {
            return try SnapshotBuilder.build(configuration)
        } catch {
            throw failure(error)
        }
    }
}
