// Answers of a listener that sends its clients to TLS: the same host, path and query at another port.
// Whether a request comes to such a listener is known to its connection.

import RelevoHTTP
import RelevoPolicy

extension RequestFilter {
    /// Sends a client to TLS, if its host is served at all: nobody is sent to where this proxy serves nothing. Only a
    /// route that is written for an authority's challenge is served without TLS.
    func sendToTLS(_ redirect: RedirectToTLS, _ request: borrowing RequestHead) -> Verdict {
        let query = RouteQuery(
            host: request.authority.host[...], path: request.pathBytes, method: request.methodBytes)
        switch snapshot.table.decide(query) {
        case .unknownDomain: return .fault(.routeUnknownDomain, RequestMatch())
        case .matched(let domain, let route) where route.isForChallenge: return verdict(of: route, domain, request)
        case .matched(let domain, _), .noRoute(let domain):
            let status = redirect.status(answering: request.method)
            return .answer(
                .redirect(status, to: redirect.location(of: request)), RequestMatch(domain: domain))
        }
    }
}
