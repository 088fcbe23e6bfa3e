// The look at each request before it is routed: who may use api.example, and what the server is told about them.
// The server itself does not know it.

import Relevo

/// Lets requests for `api.example` pass with a known key only.
///
/// It decides by the host, which a hook sees in normal form. A path is seen as the client spelled it: a rule about
/// paths belongs into the routes.
struct Gate: Sendable {
    /// Account names by key.
    let keys: [String: String]

    /// The hook. It runs on a worker's thread and must not block: no locks that others hold for long, no I/O.
    func judge(_ request: inout HookRequest) -> HookDecision {
        // Whatever a client says here is not true.
        request.removeField("X-Account")
        guard request.host == "api.example" else { return .forward }
        guard let key = request.field("X-API-Key"), let account = keys[key] else {
            return .respond(HookResponse(status: 403, body: "This domain wants a key in X-API-Key.\n"))
        }
        request.removeField("X-API-Key")
        request.addField("X-Account", account)
        return .forward
    }
}
