// Gathers the requests that the workers remember.
// What is remembered: Observe/RequestTrace.

import CLibevent

extension WorkerGroup {
    /// The requests that are remembered, the newest first, `limit` at most; with an identifier only those that have it.
    package func recent(_ id: String? = nil, limit: Int) async -> [RequestStory] {
        var traces: [RequestTrace] = []
        let wanted = id.map { Array($0.utf8) }
        for worker in workers {
            traces += await withCheckedContinuation { continuation in
                let isPosted = worker.postAlways { worker in
                    let all = worker.recent.all
                    continuation.resume(returning: wanted.map { id in all.filter { $0.id == id } } ?? all)
                }
                if !isPosted { continuation.resume(returning: []) }
            }
        }
        traces.sort { ($1.ended.seconds, $1.ended.nanoseconds) < ($0.ended.seconds, $0.ended.nanoseconds) }
        return traces.prefix(limit).map { RequestStory($0) }
    }
}
