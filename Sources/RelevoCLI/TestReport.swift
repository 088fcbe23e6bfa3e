// What has come of the tests of a configuration, for people and for programs. The keys of the JSON are part of what
// users may rely on: see docs/testing-configurations.md.

import Foundation
import RelevoConfig
import RelevoPolicy

/// The lines for people.
struct TestReport {
    /// Which tests have a line.
    enum Listing { case failed, all }

    /// A line for each test that is listed, and one for all.
    let lines: [String]

    init(_ verdicts: [TestVerdict], file: String, listing: Listing) {
        let failed = verdicts.count { !$0.hasPassed }
        let listed = verdicts.filter { listing == .all || !$0.hasPassed }
        lines = listed.map(Self.line) + [Self.summary(failed, of: verdicts.count, file)]
    }

    private static func line(_ verdict: TestVerdict) -> String {
        guard let first = verdict.failures.first else {
            return ConfigurationDiagnostics.oneLine(
                "\(place(verdict.test.location)): passed: \(title(verdict.test))")
        }
        let differences = verdict.failures.map(\.text).joined(separator: "; ")
        let reason = verdict.reason.isEmpty ? "" : " (\(verdict.reason))"
        return ConfigurationDiagnostics.oneLine(
            "\(place(first.location)): failed: \(title(verdict.test)): \(differences)\(reason)")
    }

    private static func title(_ test: RequestTest) -> String {
        test.name.map { "\($0) (\(test.request))" } ?? test.request
    }

    private static func place(_ location: SourceLocation) -> String {
        "\(location.file):\(location.line):\(location.column)"
    }

    private static func summary(_ failed: Int, of count: Int, _ file: String) -> String {
        if count == 0 { return "no tests in \(file) (key `tests`): nothing was tested" }
        let tests = count == 1 ? "test" : "tests"
        return failed == 0 ? "\(count) \(tests) passed" : "\(failed) of \(count) \(tests) failed"
    }
}

/// The JSON for programs.
struct TestReportJSON: Encodable {
    private struct Failure: Encodable {
        let key, expected, found: String
        let hint: String?
        let line, column: Int
    }

    private struct Entry: Encodable {
        let name: String?
        let request, file: String
        let line, column: Int
        let passed: Bool
        let reason: String
        let failures: [Failure]
    }

    private let passed, failed: Int
    private let tests: [Entry]

    init(_ verdicts: [TestVerdict]) {
        passed = verdicts.count { $0.hasPassed }
        failed = verdicts.count - passed
        tests = verdicts.map { verdict in
            let place = verdict.test.location
            return Entry(
                name: verdict.test.name, request: verdict.test.request, file: place.file, line: place.line,
                column: place.column, passed: verdict.hasPassed, reason: verdict.reason,
                failures: verdict.failures.map {
                    Failure(
                        key: $0.key, expected: $0.expected, found: $0.found, hint: $0.hint, line: $0.location.line,
                        column: $0.location.column)
                })
        }
    }

    /// The text, with keys in the order of the alphabet.
    func text() throws -> String { try JSONOutput.text(of: self) }
}
