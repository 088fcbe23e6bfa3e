// `relevo status`, `reload` and `endpoint`: what is asked of a proxy that runs.
// The answers come from its admin listener (RelevoAdmin).

import ArgumentParser
import Foundation
import RelevoAdmin
import RelevoPolicy

/// Where the proxy is.
struct AdminOptions: ParsableArguments {
    /// Where packages and examples put it.
    static let usual = "unix:/run/relevo/admin.sock"

    @Option(
        help: ArgumentHelp(
            "The `admin` address of the proxy; $RELEVO_ADMIN if that is set, else \(usual).", valueName: "address"))
    var admin: String?

    @Option(help: "The file of the token, for a proxy whose `admin` address is a port.")
    var tokenFile: String?

    private var address: String {
        let told = ProcessInfo.processInfo.environment["RELEVO_ADMIN"] ?? ""
        return admin ?? (told.isEmpty ? Self.usual : told)
    }

    func validate() throws {
        do throws(AddressText.Failure) {
            _ = try AddressText.listener(address, role: "admin listener")
        } catch {
            throw ValidationError(error.message + (error.suggestion.map { " (\($0))" } ?? "") + ".")
        }
    }

    /// Who asks there.
    var client: AdminClient { AdminClient(AdminSettings(address, tokenFile: tokenFile)) }

    /// Asks; a failure ends the process.
    func ask<Value>(_ question: (AdminClient) throws(AdminError) -> Value) throws -> Value {
        do throws(AdminError) {
            return try question(client)
        } catch {
            guard error.status != 422 else { throw CommandFailure(status: .configuration, message: "\(error)") }
            throw CommandFailure(status: .refused, message: "relevo: " + Self.words(error))
        }
    }

    /// Why something was refused, and what would help.
    static func words(_ error: AdminError) -> String {
        "\(error)" + (error.status == 401 ? "; `--token-file FILE` names its file" : "")
    }
}

/// Shows how a proxy is.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show how a running proxy and its endpoints are.")

    @OptionGroup var options: AdminOptions

    @Flag(help: "Print the whole answer as JSON.")
    var json = false

    func run() throws {
        let status = try options.ask { client throws(AdminError) in
            try client.get("/v1/status", as: StatusDocument.self)
        }
        Terminal.say(json ? String(decoding: AdminResponse(json: status).body, as: UTF8.self) : StatusText.all(status))
    }
}

/// Has a proxy read its configuration again.
struct Reload: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have a running proxy read its configuration again and serve what differs.",
        discussion: """
            Everything is checked first: what is wrong is said, with code 1, and nothing has changed. What has not
            changed is not touched. SIGHUP does the same.
            """)

    @OptionGroup var options: AdminOptions

    @Flag(help: "Only print what would change.")
    var dryRun = false

    func run() throws {
        let path = dryRun ? "/v1/reload?dry_run=1" : "/v1/reload"
        let outcome = try options.ask { client throws(AdminError) in try client.post(path, as: AdminReload.self) }
        var lines = outcome.plan + [(dryRun ? "would reload: " : "reloaded: ") + outcome.summary]
        if let leaving = outcome.leaving, leaving > 0 {
            lines.append(
                "\(leaving) running exchange\(leaving == 1 ? "" : "s") may finish until `timeouts.drain` is over")
        }
        Terminal.say(lines.joined(separator: "\n"))
    }
}

/// Has a proxy give its place to a new process.
struct Upgrade: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have a running proxy start its program anew and give its place to the new process.",
        discussion: """
            The new process reads the configuration, takes the open sockets over and serves; then clients of the former
            one may leave until `timeouts.drain` is over. If the new one does not come to that, the former goes on, and
            it is said why. This is how another version of the program, and another value of `workers`, `access_log` or
            `admin`, come into effect without losing a request. SIGUSR2 does the same.
            """)

    @OptionGroup var options: AdminOptions

    func run() throws {
        let outcome = try options.ask { client throws(AdminError) in
            try client.post("/v1/upgrade", as: AdminUpgrade.self)
        }
        Terminal.say("process \(outcome.process) serves; clients of process \(outcome.former) may leave")
    }
}

/// Takes an endpoint out of service, or back.
struct EndpointOrder: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "endpoint", abstract: "Take an endpoint of a running proxy out of service, or back.",
        discussion: """
            drain    no new requests; returns when those that it has are done
            disable  the same; besides, it counts no more when ejections are bounded
            enable   serves again, as far as its health allows
            weight   another share beside the others' weights, 0 to 1000

            Orders outlive reloads, but not the process. Example: relevo endpoint drain api 10.0.0.1:8080
            """)

    /// What can be ordered.
    enum Command: String, ExpressibleByArgument, CaseIterable {
        case drain, disable, enable, weight
    }

    @Argument(help: "drain, disable, enable or weight.")
    var command: Command

    @Argument(help: "The cluster; the domain for endpoints that are written there.")
    var cluster: String

    @Argument(help: "The endpoint with its port, as `relevo status` shows it.")
    var endpoint: String

    @Argument(help: "The weight.")
    var value: Int?

    @OptionGroup var options: AdminOptions

    @Option(help: "Seconds to wait for the endpoint's requests to be done; 0 not to wait.")
    var timeout = 60

    func validate() throws {
        if command == .weight, value == nil { throw ValidationError("`weight` wants a value from 0 to 1000.") }
        if command != .weight, value != nil { throw ValidationError("Only `weight` wants a value.") }
        if timeout < 0 { throw ValidationError("The timeout is 0 or more.") }
    }

    func run() async throws {
        let order = EndpointOrderDocument(
            cluster: cluster, endpoint: endpoint, command: command.rawValue, value: value)
        var now = try options.ask { client throws(AdminError) in
            try client.post("/v1/endpoints", order, as: EndpointDocument.self)
        }
        let end = Date(timeIntervalSinceNow: Double(timeout))
        while command == .drain || command == .disable, now.requestsActive > 0, Date() < end {
            try await Task.sleep(for: .milliseconds(200))
            now = try found(
                endpoints: options.ask { client throws(AdminError) in
                    try client.get("/v1/endpoints", as: [EndpointDocument].self)
                })
        }
        Terminal.say(StatusText.endpoint(now))
        guard command == .drain || command == .disable, timeout > 0, now.requestsActive > 0 else { return }
        let words = "relevo: after \(timeout) s there are still \(now.requestsActive) requests in flight"
        throw CommandFailure(status: .refused, message: words)
    }

    private func found(endpoints: [EndpointDocument]) throws -> EndpointDocument {
        guard let found = endpoints.first(where: { $0.cluster == cluster && $0.endpoint == endpoint }) else {
            throw CommandFailure(status: .refused, message: "relevo: the endpoint has gone meanwhile")
        }
        return found
    }
}
