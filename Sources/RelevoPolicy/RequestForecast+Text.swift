// What would become of a request, in a few words: for differences between what is and what was expected, or was.
// The long form is RequestExplainer's.

import RelevoHTTP

extension RequestForecast {
    /// ``cluster `api` ``, ``redirect 308 to `https://b.example/` ``, `answer 200`, `404 route.none`.
    package var summary: String {
        switch outcome {
        case .fault(let fault, _): "\(fault.row.status) \(fault.rawValue)"
        case .redirect(let status, let location): "redirect \(status) to `\(location)`"
        case .answer(let status, _): "answer \(status)"
        case .cluster(let cluster): "cluster `\(cluster.name)`"
        }
    }

    /// What decided on it: ``route `GET /v1`, relevo.yaml:12``.
    package var reason: String {
        func place(_ location: SourceLocation?) -> String { location.map { ", \($0)" } ?? "" }
        func phrase(_ sentence: String) -> String {
            String(sentence.hasSuffix(".") ? sentence.dropLast() : sentence[...])
        }
        if let route { return "route `\(route.text)`\(place(route.location))" }
        switch outcome {
        case .fault(_, let error?): return phrase(error.explanation)
        case .fault(.routeUnknownDomain, nil): return "no domain has this name"
        case .fault(.routeNone, nil):
            return "no route of `\(domain?.written ?? "")` takes it\(place(domain?.location))"
        case .redirect: return "the listener sends its clients to TLS"
        case .fault(let fault, nil): return phrase(fault.row.explanation)
        case .answer, .cluster: return ""
        }
    }
}
