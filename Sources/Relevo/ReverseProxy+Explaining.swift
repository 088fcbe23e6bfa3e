// Live explanations of single requests, for whoever knows a token.
// What they say is made in RelevoProxy.

import RelevoProxy
import Synchronization

extension ReverseProxy {
    /// From now on the answer to a request whose field `Relevo-Explain` has this token says in fields of that name how
    /// it came to be: what was chosen, what was tried, what failed. The field goes no further. Any thread.
    ///
    /// `relevo` does so with the token of its admin listener.
    public func explainRequests(withToken token: String) {
        let bytes = Array(token.utf8)
        explanationToken.withLock { $0 = bytes }
        runningGroup?.explainRequests(withToken: bytes)
    }
}
