// From a callback on some thread to one waiting task.
// For events that many tasks wait for see Completion in Relevo.

import Synchronization

/// A value that comes once and that one task waits for.
final class Promise<Value: Sendable>: Sendable {
    private enum State {
        case pending
        case waiting(CheckedContinuation<Value, Never>)
        case fulfilled(Value)
    }

    private let state = Mutex(State.pending)

    /// Gives the value; later ones are ignored.
    func fulfil(_ value: Value) {
        let waiting: CheckedContinuation<Value, Never>? = state.withLock { state in
            switch state {
            case .pending:
                state = .fulfilled(value)
                return nil
            case .waiting(let continuation):
                state = .fulfilled(value)
                return continuation
            case .fulfilled:
                return nil
            }
        }
        waiting?.resume(returning: value)
    }

    /// The value, when it is there. One task only.
    var value: Value {
        get async {
            await withCheckedContinuation { continuation in
                let value: Value? = state.withLock { state in
                    if case .fulfilled(let value) = state { return value }
                    state = .waiting(continuation)
                    return nil
                }
                if let value { continuation.resume(returning: value) }
            }
        }
    }

    /// The value, or `other` if it is not there in time. One task only.
    func value(within limit: Duration, otherwise other: Value) async -> Value {
        let patience = Task {
            try? await Task.sleep(for: limit)
            fulfil(other)
        }
        defer { patience.cancel() }
        return await value
    }
}
