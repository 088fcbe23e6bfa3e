// A proxy that owns its process reads its file again.
// What differs and how it is carried out is Relevo's matter.

import CLibevent
import Foundation
import Logging
import Relevo
import RelevoAdmin
import RelevoConfig
import Synchronization

extension Serving {
    /// Reads the file again and serves what it says, or says why everything stays as it is.
    func reload() async {
        switch await reload(dryRun: false) {
        case .success(let outcome): for line in outcome.plan { logger.info("\(line)") }
        case .failure(let refusal):
            logger.error("not reloaded: everything stays as it is")
            for line in refusal.words.split(separator: "\n") { logger.error("\(line)") }
        }
    }

    /// Reads the file again and serves what it says, or only tells what would change.
    func reload(dryRun: Bool) async -> Result<AdminReload, AdminRefusal> {
        let result = await attemptReload(dryRun: dryRun)
        if !dryRun { reloads.count(result) }
        return result
    }

    private func attemptReload(dryRun: Bool) async -> Result<AdminReload, AdminRefusal> {
        guard let file else { return .failure(AdminRefusal("there is no file to reload")) }
        guard !succession.hasBegun else { return .failure(AdminRefusal("another process is taking over")) }
        if !dryRun { notices.reloading() }
        defer { if !dryRun { notices.ready(proxy.addresses) } }
        do {
            let loaded = try LoadedConfiguration.read(file)
            do {
                if dryRun {
                    let plan = try proxy.plan(for: loaded.configuration)
                    guard plan.needsRestart.isEmpty else { throw ReloadError.needsRestart(plan.needsRestart) }
                    return .success(AdminReload(plan))
                }
                return .success(
                    AdminReload(try await proxy.reload(loaded.configuration, unless: { succession.hasBegun })))
            } catch let error as ConfigurationError {
                throw loaded.failure(error)
            } catch ReloadError.configuration(let error) {
                throw loaded.failure(error)
            }
        } catch let failure as CommandFailure {
            return .failure(AdminRefusal(failure.message, status: 422))
        } catch ReloadError.needsRestart(let items) {
            let list = items.map { "\($0.kind.rawValue) \($0.name)" }.joined(separator: ", ")
            let way = items.contains { $0.name == "user" } ? "a restart" : "`relevo upgrade` or a restart"
            return .failure(AdminRefusal("only \(way) can change this: \(list)"))
        } catch ReloadError.superseded {
            return .failure(AdminRefusal("another process is taking over"))
        } catch ReloadError.notRunning {
            return .failure(AdminRefusal("\(ReloadError.notRunning)", status: 503))
        } catch {
            return .failure(AdminRefusal("\(error)"))
        }
    }
}

/// Reloads so far. Any thread.
final class ReloadCount: Sendable {
    private let counts = Mutex((done: 0, refused: 0))

    /// Those that were carried out, and those that were refused.
    var current: (done: Int, refused: Int) { counts.withLock { $0 } }

    /// Counts one.
    func count(_ result: Result<AdminReload, AdminRefusal>) {
        counts.withLock { counts in
            if case .success = result { counts.done += 1 } else { counts.refused += 1 }
        }
    }
}

extension LoadedConfiguration {
    /// The failure for a configuration whose text is right and whose sense is not.
    func failure(_ error: ConfigurationError) -> CommandFailure {
        CommandFailure(
            status: .configuration, message: ConfigurationDiagnostics.render(error.problems, text: text))
    }

    /// Reads a file, with the process' environment.
    static func read(_ path: String) throws -> LoadedConfiguration {
        do {
            return try ConfigurationLoader(environment: ProcessInfo.processInfo.environment).load(path: path)
        } catch {
            throw CommandFailure(status: .configuration, message: error.rendered())
        }
    }
}
