// `relevo test`: what a configuration expects of itself, judged by the code that routes. Nothing is opened or sent.
// What is expected is read in RelevoConfig, and judged in RelevoPolicy.

import ArgumentParser
import RelevoConfig
import RelevoPolicy

/// Judges the tests of a configuration.
struct Test: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say whether requests go where the configuration's own tests expect them.",
        discussion: """
            The tests are a list in the configuration file, without effect on anything else:

              tests:
                - { request: GET https://a.example/x, expect: { cluster: api } }
                - request: http://old.example/a?b=1
                  expect: { status: 308, location: https://api.example/v1/a?b=1 }

            docs/testing-configurations.md has every key. Nothing is opened, and nothing is sent.

            Exit code 0 if no test fails, 1 if one does or the configuration is wrong. A file without tests has none \
            that fails; --require-tests makes that a failure too.
            """)

    @Argument(help: "The configuration file.")
    var file: String

    @Flag(name: .shortAndLong, help: "List the tests that have passed too.")
    var verbose = false

    @Flag(help: "Print what has come of each test as JSON.")
    var json = false

    @Flag(help: "Fail if the file has no tests.")
    var requireTests = false

    func run() throws {
        let loaded = try LoadedConfiguration.read(file)
        let explainer = RequestExplainer(try loaded.snapshot())
        let verdicts = loaded.tests.map { $0.judged(by: explainer) }
        if json {
            Terminal.say(try TestReportJSON(verdicts).text())
        } else {
            Terminal.say(
                TestReport(verdicts, file: file, listing: verbose ? .all : .failed).lines.joined(separator: "\n"))
        }
        let isFailure = verdicts.contains { !$0.hasPassed } || requireTests && verdicts.isEmpty
        if isFailure { throw CommandFailure(status: .configuration, message: "") }
    }
}
