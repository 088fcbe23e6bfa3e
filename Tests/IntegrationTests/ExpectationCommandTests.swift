// `relevo test` and `relevo diff` as a person or a pipeline starts them: words, JSON, exit codes. What can be expected
// is tested where it is read, what is found with the policies.

import Foundation
import TestSupport
import Testing

extension Integration {
    @Suite("relevo test and diff", .enabled(if: FileManager.default.isExecutableFile(atPath: Program.relevo)))
    struct ExpectationCommands {
        private static let configuration = """
            listeners: [127.0.0.1:8080]
            domains:
              a.example:
                routes:
                  - { path: /v1, cluster: api }
                  - { path: /old/, redirect: { to: /v1/, status: 308 } }
            clusters: { api: [10.0.0.1], web: [10.0.0.2] }

            """

        private static let tests = """
            tests:
              - { request: http://a.example/v1, expect: { cluster: api } }
              - name: old paths move
                request: GET http://a.example/old/x?y
                expect: { status: 307, location: /v2/x?y }

            """

        private let directory: TemporaryDirectory
        private let plain: String
        private let tested: String

        init() throws {
            directory = try TemporaryDirectory()
            plain = try directory.write("relevo.yaml", Self.configuration)
            tested = try directory.write("tested.yaml", Self.configuration + Self.tests)
        }

        private func run(_ arguments: String...) throws -> (status: Int32, output: String, complaints: String) {
            let outcome = try Program(Program.relevo, arguments).outcome()
            return (
                outcome.status, outcome.output.replacing(directory.path + "/", with: ""),
                outcome.complaints.replacing(directory.path + "/", with: "")
            )
        }

        // MARK: test

        @Test("A test that fails has a line with its place and what would be instead, and ends with 1")
        func failure() throws {
            let outcome = try run("test", tested)
            #expect(outcome.status == 1)
            #expect(outcome.complaints.isEmpty)
            #expect(
                outcome.output == """
                    tested.yaml:12:23: failed: old paths move (GET http://a.example/old/x?y): \
                    status: expected 307, got 308; location: expected `/v2/x?y`, got `/v1/x?y` \
                    (route `/old/`, tested.yaml:6)
                    1 of 2 tests failed

                    """)
            let verbose = try run("test", "--verbose", tested)
            #expect(verbose.output.hasPrefix("tested.yaml:9:5: passed: GET http://a.example/v1\n"))
        }

        @Test("Tests that pass are counted, and end with 0")
        func success() throws {
            let file = try directory.write(
                "right.yaml",
                Self.configuration + Self.tests.replacing("307", with: "308").replacing("/v2", with: "/v1"))
            let outcome = try run("test", file)
            #expect(outcome.status == 0)
            #expect(outcome.output == "2 tests passed\n")
        }

        @Test("A file without tests says so; it is a failure only for those who want it to be")
        func none() throws {
            let outcome = try run("test", plain)
            #expect(outcome.status == 0)
            #expect(outcome.output == "no tests in relevo.yaml (key `tests`): nothing was tested\n")
            #expect(try run("test", plain, "--require-tests").status == 1)
            #expect(try run("test").status == 2)
        }

        @Test("JSON says the same")
        func json() throws {
            let outcome = try run("test", "--json", tested)
            #expect(outcome.status == 1)
            let found = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
            let values = try #require(found as? [String: Any])
            #expect(values["passed"] as? Int == 1 && values["failed"] as? Int == 1)
            let list = try #require(values["tests"] as? [[String: Any]])
            try #require(list.count == 2)
            #expect(list[0]["passed"] as? Bool == true && list[0]["line"] as? Int == 9)
            let failures = try #require(list[1]["failures"] as? [[String: Any]])
            #expect(failures.map { $0["key"] as? String } == ["status", "location"])
            #expect(failures.first?["expected"] as? String == "307" && failures.first?["found"] as? String == "308")
        }

        @Test(
            "check and run read the tests: a mistake in them is one of the configuration", arguments: ["check", "test"])
        func mistakes(verb: String) throws {
            let file = try directory.write(
                "wrong.yaml", Self.configuration + Self.tests.replacing("status:", with: "satus:"))
            let outcome = try run(verb, file)
            #expect(outcome.status == 1)
            #expect(outcome.complaints.contains("wrong.yaml:12:15: error: unknown key `satus`"))
            #expect(outcome.complaints.contains("did you mean `status`?"))
            #expect(try run("check", tested).output == "ok: 1 listener, 1 domain, 2 endpoints\n")
        }

        // MARK: diff

        private func changed() throws -> String {
            try directory.write("new.yaml", Self.configuration.replacing("cluster: api }", with: "cluster: web }"))
        }

        private func log(_ lines: [String]) throws -> String {
            try directory.write("access.log", lines.joined(separator: "\n") + "\n")
        }

        private static func line(_ target: String) -> String {
            "{\"peer\":\"127.0.0.1:1\",\"host\":\"a.example\",\"method\":\"GET\",\"target\":\"\(target)\"}"
        }

        @Test("Without traffic, diff says what a reload would change, and ends with 0")
        func plan() throws {
            let outcome = try run("diff", plain, try changed())
            #expect(outcome.status == 0, "\(outcome.complaints)")
            #expect(outcome.output == "1 route changed\n~ route a.example /v1: cluster (new.yaml:5)\n")
            #expect(try run("diff", plain, tested).output == "nothing changes\n")
        }

        @Test("With traffic, requests that go elsewhere are shown in groups, bad lines are named, and it ends with 1")
        func traffic() throws {
            let targets = (0..<1204).map { Self.line("/v1/\($0 % 2)") }
            let file = try log(["nonsense", Self.line("/old/x")] + targets + ["{}", ""])
            let outcome = try run("diff", plain, try changed(), "--traffic", file)
            #expect(outcome.status == 1)
            #expect(
                outcome.output == """
                    1 route changed
                    ~ route a.example /v1: cluster (new.yaml:5)

                    1,204 requests: GET a.example/v1…: cluster `api` → `web`; \
                    endpoints `10.0.0.1:80` → `10.0.0.2:80` (new.yaml:5)
                        http://a.example/v1/0
                        http://a.example/v1/1

                    1,205 requests in access.log: 1,204 decided differently, 1 as before
                    left out: 2 lines of no access log: line 1 (no JSON object), \
                    line 1207 (no `method`, `host` and `target`)

                    """)
        }

        @Test("Traffic that goes where it went ends with 0, also if the files differ; standard input is `-`")
        func unchanged() throws {
            let program = try Program(
                Program.relevo, ["diff", plain, try changed(), "--traffic", "-"], isTalkedTo: true)
            program.say(Self.line("/old/x") + "\n" + Self.line("/old/y"))
            program.finishSaying()
            let outcome = try program.outcome()
            #expect(outcome.status == 0, "\(outcome.complaints)")
            #expect(outcome.output.hasSuffix("\n\n2 requests in standard input: none is decided differently\n"))
        }

        @Test("A line of more than a megabyte is named and passed over")
        func longLine() throws {
            let file = try log([Self.line("/old/x"), String(repeating: "x", count: 3 << 20), Self.line("/v1")])
            let outcome = try run("diff", plain, try changed(), "--traffic", file)
            #expect(outcome.status == 1)
            #expect(outcome.output.contains("left out: 1 line of no access log: line 2 (longer than 1 MiB)\n"))
            #expect(outcome.output.contains("2 requests in access.log: 1 decided differently, 1 as before\n"))
        }

        @Test("diff ends with 2 if there was nothing to compare")
        func trouble() throws {
            let broken = try directory.write("broken.yaml", "listeners: 17\n")
            let nonsense = try log(["a", "b"])
            #expect(try run("diff", plain, broken).complaints.contains("broken.yaml:1:12: error"))
            for arguments in [
                [plain], [plain, broken], [broken, plain], [plain, directory.path + "/none.yaml"],
                [plain, plain, "--traffic", nonsense], [plain, plain, "--traffic", directory.path + "/none.log"],
                [plain, plain, "--traffic", directory.path],
            ] {
                let outcome = try Program(Program.relevo, ["diff"] + arguments).outcome()
                #expect(outcome.status == 2, "\(arguments)")
                #expect(!outcome.complaints.isEmpty)
            }
        }

        @Test("JSON of diff says the same")
        func jsonOfDiff() throws {
            let file = try log(["nonsense", Self.line("/v1"), Self.line("/old/x")])
            let outcome = try run("diff", plain, try changed(), "--traffic", file, "--json")
            #expect(outcome.status == 1)
            let found = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
            let values = try #require(found as? [String: Any])
            #expect((values["changes"] as? [[String: Any]])?.first?["keys"] as? [String] == ["cluster"])
            let traffic = try #require(values["traffic"] as? [String: Any])
            #expect(traffic["compared"] as? Int == 2 && traffic["changed"] as? Int == 1)
            #expect(traffic["bad_lines"] as? Int == 1)
            let groups = try #require(traffic["groups"] as? [[String: Any]])
            #expect(groups.first?["requests"] as? Int == 1)
            #expect(groups.first?["samples"] as? [String] == ["http://a.example/v1"])
        }
    }
}
