// Live explanations of single requests, for whoever knows a token.
// What they say is made in RelevoProxy.

import RelevoProxy
import Synchronization

extension ReverseProxy {
    /// From now on the answer to a request whose field `Relevo-Explain` has this token says in fields of that name how
    /// it came to be: what was chosen, what was tried, what failed. The field goes no further. Any thread.
    ///
    /// A token of less than 16 bytes is good for nothing, and has no effect.
    ///
    /// `relevo` does so with the token of its admin listener.
    public func explainRequests(withToken token: String) {
        let bytes = Array(token.utf8)
        guard bytes.count >= 16 else { return }
        explanationToken.withLock { $0 = bytes }
        runningGroup?.explainRequests(withToken: bytes)
    }
}
