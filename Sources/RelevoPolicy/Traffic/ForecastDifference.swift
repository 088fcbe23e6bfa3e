// What another configuration would do otherwise with one request. Whether two decisions differ is seen in what would
// become of the request, not in how it is written: a route that has moved in the file is the same.

/// One thing that another configuration does otherwise.
package struct ForecastDifference: Sendable, Hashable {
    /// What it is about.
    package enum Aspect: String, Sendable, Hashable, CaseIterable {
        case outcome, domain, route, endpoints, status  // tidy: each is the word for what it names
        case location, body, timeouts, fields, trust
    }

    /// What it is about.
    package var aspect: Aspect
    /// What it was, in words.
    package var old: String
    /// What it would be.
    package var new: String

    /// ``cluster `api` → `api-read` ``.
    package var text: String {
        switch aspect {
        case .outcome: "\(old) → \(new)"
        default: "\(aspect.rawValue) \(old) → \(new)"
        }
    }
}

extension RequestForecast {
    /// What a newer forecast of the same request has otherwise; empty if nothing.
    func differences(from old: RequestForecast) -> [ForecastDifference] {
        var found: [ForecastDifference] = []
        func compare(_ aspect: ForecastDifference.Aspect, _ before: String, _ after: String) {
            if before != after { found.append(ForecastDifference(aspect: aspect, old: before, new: after)) }
        }
        found += outcomeDifferences(from: old)
        let hasDomains = domain != nil && old.domain != nil
        if hasDomains { compare(.domain, "`\(old.domain?.written ?? "")`", "`\(domain?.written ?? "")`") }
        if hasDomains, let before = old.route, let after = route {
            compare(.route, "`\(before.text)`", "`\(after.text)`")
        }
        guard case .cluster = outcome, case .cluster = old.outcome else { return found }
        let (before, after) = (old.candidates.map(\.text), candidates.map(\.text))
        if before.sorted() != after.sorted() {
            compare(.endpoints, EndpointList.text(before), EndpointList.text(after))
        }
        if let before = old.route?.timeouts, let after = route?.timeouts {
            let limits = RequestExpectation.TimeLimit.allCases.filter { before[$0] != after[$0] }
            let text = { (times: Timeouts) in
                limits.map { "\($0.rawValue) \(DurationText.write(times[$0]))" }.joined(separator: ", ")
            }
            compare(.timeouts, text(before), text(after))
        }
        if let fields = fieldDifference(from: old) { found.append(fields) }
        compare(.trust, Self.trust(old.isTrusted), Self.trust(isTrusted))
        return found
    }

    private static func trust(_ isTrusted: Bool) -> String {
        isTrusted ? "in what the client says of others" : "in nothing that the client says"
    }

    /// Who answers, and what the proxy says if it does.
    private func outcomeDifferences(from old: RequestForecast) -> [ForecastDifference] {
        func difference(_ aspect: ForecastDifference.Aspect, _ before: String, _ after: String) -> [ForecastDifference]
        {
            before == after ? [] : [ForecastDifference(aspect: aspect, old: before, new: after)]
        }
        switch (old.outcome, outcome) {
        case (.cluster(let before), .cluster(let after)):
            return before.name == after.name
                ? [] : [ForecastDifference(aspect: .outcome, old: old.kind, new: "`\(after.name)`")]
        case (.redirect(let before, let from), .redirect(let after, let to)):
            return difference(.status, "\(before)", "\(after)")
                + (from == to ? [] : [ForecastDifference(aspect: .location, old: old.target, new: target)])
        case (.answer(let before, let earlier), .answer(let after, let later)):
            return difference(.status, "\(before)", "\(after)")
                + (earlier == later ? [] : Self.body(earlier, later))
        case (.fault(let before, _), .fault(let after, _)):
            return before == after ? [] : difference(.outcome, old.kind, kind)
        default: return difference(.outcome, old.kind, kind)
        }
    }

    private static func body(_ old: [UInt8], _ new: [UInt8]) -> [ForecastDifference] {
        let text = "\(new.count)\(old.count == new.count ? " other" : "") bytes"
        return [ForecastDifference(aspect: .body, old: "\(old.count) bytes", new: text)]
    }

    /// Who answers, the same words for all requests of a route.
    private var kind: String {
        switch outcome {
        case .redirect(let status, _): "redirect \(status) to \(target)"
        case .fault, .answer, .cluster: summary
        }
    }

    /// Where a redirect leads, the same words for all requests of a route.
    private var target: String {
        guard case .redirect(_, let location) = outcome else { return "" }
        guard let route, case .redirect(let target, _) = route.target else {
            return "the same URL over TLS, port \(RequestExplainer.port(of: location))"
        }
        return "`\(String(decoding: target.text, as: UTF8.self))\(target.appendsRest ? "…" : "")`"
    }

    /// Which fields reach the endpoint otherwise. Values are one client's: only names are the same for all.
    private func fieldDifference(from old: RequestForecast) -> ForecastDifference? {
        let (before, after) = (Set(old.fields), Set(fields))
        guard before != after else { return nil }
        func names(_ fields: [Field], without others: Set<Field>) -> String {
            let names = fields.filter { !others.contains($0) }.map { "`\($0.name)`" }
            return names.isEmpty ? "none" : names.joined(separator: ", ")
        }
        let (gone, come) = (names(old.fields, without: after), names(fields, without: before))
        return ForecastDifference(aspect: .fields, old: gone, new: come == gone ? "other values" : come)
    }
}
