// Why a request goes where it goes, in words.
// The decision itself is RouteTable's.

/// Writes down every step of a routing decision.
package struct RouteExplanation: RouteTrace, Sendable {
    /// The steps, one line each, in the order in which they were taken.
    package private(set) var steps: [String] = []

    /// Creates an empty explanation.
    package init() {}

    /// Notes a look-up of a domain.
    package mutating func lookedUp(_ kind: DomainMatch, _ name: ArraySlice<UInt8>, found: Domain?) {
        let text = String(decoding: name, as: UTF8.self)
        let place = found.flatMap(\.location).map { " (\($0))" } ?? ""
        switch (kind, found) {
        case (.exact, let found?):
            let name = found.written == found.name ? "by that very name" : "as \(found.written)"
            steps.append("domain    \(text) is configured \(name)\(place)")
        case (.suffix, let found?): steps.append("domain    \(text) matches \(found.written)\(place)")
        case (.fallback, .some): steps.append("domain    no other name matches, so `*` takes it\(place)")
        case (.exact, nil): steps.append("domain    \(text) is not configured by that very name")
        case (.suffix, nil): steps.append("domain    *.\(text) is not configured")
        case (.fallback, nil): steps.append("domain    there is no `*` to take what no other name matches")
        }
    }

    /// Notes routes and what came of them.
    package mutating func tried(_ routes: Range<Int>, of domain: Domain, _ outcome: RouteOutcome) {
        let verdict =
            switch outcome {
            case .taken: "takes it"
            case .otherPath: "no: another path"
            case .otherMethod: "no: another method"
            }
        for route in domain.routes[routes] {
            let place = route.location.map { " (\($0))" } ?? ""
            steps.append("route     \(route.text)\(place): \(verdict)")
        }
    }
}
