// A request with what is expected to become of it: one entry of `tests` in a configuration file. It is a statement
// about a configuration, no part of it: whatever serves does not know it. How it is judged is in RequestTest+Judging.

import RelevoHTTP

/// A request and what is expected of it.
package struct RequestTest: Sendable {
    /// What it is called; nil for the request itself.
    package var name: String?
    /// The request.
    package var question: RequestExplainer.Question
    /// What is expected, in the order in which it is judged.
    package var expectations: [RequestExpectation]
    /// Where it was written.
    package var location: SourceLocation

    /// Creates a test.
    package init(
        _ question: RequestExplainer.Question, name: String? = nil, expectations: [RequestExpectation],
        location: SourceLocation
    ) {
        self.name = name
        self.question = question
        self.expectations = expectations
        self.location = location
    }

    /// Method and URL.
    package var request: String { "\(question.method) \(question.url)" }

    /// What is wrong with a field, nil if a request may have it.
    package static func problem(ofField name: String, value: String) -> String? {
        if !HeaderFields.isValid(name: name, value: "") { return "`\(name)` is no name of a field" }
        return HeaderFields.isValid(name: name, value: value) ? nil : "`\(name)` has a value that no field can have"
    }

    /// The method that was meant by one in the wrong case (RFC 9110 §9.1); nil if it may be meant as it is.
    package static func methodMeant(by name: String) -> String? {
        let upper = name.uppercased()
        return upper != name && Method.known(Array(upper.utf8).span) != .other ? upper : nil
    }

    /// Whether a word is a method that every server knows.
    package static func isMethod(_ name: String) -> Bool { Method.known(Array(name.utf8).span) != .other }
}

/// One thing that is expected of a request.
package struct RequestExpectation: Sendable {
    /// What is said of a field as it reaches an endpoint.
    package enum FieldValue: Sendable, Hashable {
        /// It is not there.
        case absent
        /// It is there, whatever it says.
        case present
        /// It says this; several lines count as one, with commas.
        case text(String)
    }

    /// The time limits of a route.
    package enum TimeLimit: String, Sendable, CaseIterable { case body, connect, response, stream }

    /// What is said.
    package enum Statement: Sendable {
        /// The name or pattern of the domain.
        case domain(String)
        /// The path of the route, or its methods and its path.
        case route(String)
        /// The name of the cluster.
        case cluster(String)
        /// An endpoint that may get it.
        case endpoint(String)
        /// The endpoints that may get it, and no others.
        case endpoints([String])
        /// The status of an answer of the proxy's own.
        case status(Int)
        /// Where the client is sent.
        case location(String)
        /// The text of a fixed answer.
        case body(String)
        /// Why it is refused.
        case code(Fault)
        /// A field as it reaches an endpoint.
        case header(String, FieldValue)
        /// A time limit of its route.
        case timeout(TimeLimit, Duration)
    }

    /// What is said.
    package var statement: Statement
    /// Where it was written.
    package var location: SourceLocation

    /// Creates an expectation.
    package init(_ statement: Statement, location: SourceLocation) {
        self.statement = statement
        self.location = location
    }

    /// Its key in a file; keys below others with a dot.
    package var key: String {
        switch statement {
        case .domain: "domain"
        case .route: "route"
        case .cluster: "cluster"
        case .endpoint, .endpoints: "endpoint"
        case .status: "status"
        case .location: "location"
        case .body: "body"
        case .code: "code"
        case .header(let name, _): "headers.\(name)"
        case .timeout(let limit, _): "timeouts.\(limit.rawValue)"
        }
    }
}
