// What waits for the system, on a thread that has nothing else to do.
// Tasks share few threads, none of which may wait.

import CLibevent
import RelevoAdmin

/// Runs what blocks.
enum Blocking {
    /// Runs work on a thread of its own.
    static func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws(AdminError) -> Value
    ) async -> Result<Value, AdminError> {
        await withCheckedContinuation { continuation in
            let thread = Result { () throws(SystemError) in
                try LoopThread(name: "relevo-handover") { continuation.resume(returning: Result(catching: work)) }
            }
            guard case .failure(let error) = thread else { return }
            continuation.resume(returning: .failure(AdminError(refusing: "no thread: \(error.reason)")))
        }
    }
}
