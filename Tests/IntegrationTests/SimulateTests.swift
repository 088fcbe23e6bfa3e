// `relevo simulate` as a person starts it: the words of an outcome, its JSON, and what is refused. What happens in
// simulations is tested with the policies, what scripts may say where they are read.

import Foundation
import TestSupport
import Testing

extension Integration {
    @Suite("relevo simulate", .enabled(if: FileManager.default.isExecutableFile(atPath: Program.relevo)))
    struct Simulate {
        private static let configuration = """
            workers: 1
            listeners: [127.0.0.1:8080]
            domains: { a.example: { cluster: api }, b.example: [10.0.1.1] }
            clusters:
              api: { endpoints: [10.0.0.1, "10.0.0.2:8080"], max_requests: 100 }
            """

        private static let script = """
            cluster: api
            duration: 6s
            rate: 100/s
            posts: 50%
            endpoints:
              10.0.0.1: [{ latency: 5ms }, { at: 1s, errors: true }, { at: 2s, recovers: true }]
            """

        /// Files in a directory that ends with the test.
        private struct Files {
            let directory: TemporaryDirectory
            let configuration: String
            let script: String

            init() throws {
                directory = try TemporaryDirectory()
                configuration = try directory.write("relevo.yaml", Simulate.configuration)
                script = try directory.write("script.yaml", Simulate.script)
            }
        }

        @Test("The outcome is figures, endpoints, news and a chart, to the letter")
        func golden() throws {
            let files = try Files()
            let outcome = try Program.run("simulate", files.configuration, files.script, "--ascii")
            #expect(outcome.status == 0, "\(outcome.complaints)")
            #expect(outcome.complaints.isEmpty)
            let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            let file = folder.appendingPathComponent("Simulations/outcome.txt")
            #expect(outcome.output == (try String(contentsOf: file, encoding: .utf8)))
            #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
            let again = try Program.run("simulate", files.configuration, files.script, "--ascii")
            #expect(again.output == outcome.output)
            let other = try Program.run("simulate", files.configuration, files.script, "--ascii", "--seed", "2")
            #expect(other.output != outcome.output)
        }

        @Test("JSON says the same")
        func json() throws {
            let files = try Files()
            let outcome = try Program.run("simulate", files.configuration, files.script, "--json")
            #expect(outcome.status == 0, "\(outcome.complaints)")
            let found = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
            let values = try #require(found as? [String: Any])
            let requests = try #require(values["requests"] as? Int)
            let failures = try #require(values["failures"] as? [String: Int])
            #expect(requests == (values["answered"] as? Int ?? 0) + failures.values.reduce(0, +))
            #expect(failures.keys.sorted() == ["status 503"])
            #expect((values["requests_by_slice"] as? [Int])?.reduce(0, +) == requests)
            let changes = try #require(values["changes"] as? [[String: Any]])
            #expect(changes.first?["endpoint"] as? String == "10.0.0.1:80")
            #expect(changes.first?["to"] as? String == "ejected")
            #expect((values["endpoints"] as? [[String: Any]])?.count == 2)
        }

        @Test("Without a script an outage is played, of the cluster that is named")
        func usual() throws {
            let files = try Files()
            let one = try Program.run("simulate", files.configuration, "--cluster", "api")
            #expect(one.status == 0)
            #expect(one.output.contains("10.0.0.1:80 is ejected for 5s: "))
            for (arguments, words) in [
                ([], "which cluster?"), (["--cluster", "apj"], "did you mean `api`?"),
                ([files.script, "--cluster", "api"], "the script names the cluster"), (["--seed", "x"], "seed"),
            ] {
                let refused = try Program(Program.relevo, ["simulate", files.configuration] + arguments).outcome()
                #expect(refused.status == 2)
                #expect(refused.complaints.contains(words))
                #expect(refused.output.isEmpty)
            }
        }

        @Test("A wrong script ends with 1, its mistakes shown in their lines")
        func wrong() throws {
            let files = try Files()
            let script = try files.directory.write("wrong.yaml", "cluster: api\nduratoin: 5s\nrate: fast\n")
            let outcome = try Program.run("simulate", files.configuration, script)
            #expect(outcome.status == 1)
            #expect(outcome.output.isEmpty)
            #expect(outcome.complaints.contains("wrong.yaml:2:1: error: unknown key `duratoin`"))
            #expect(outcome.complaints.contains("did you mean `duration`?"))
            #expect(outcome.complaints.contains("wrong.yaml:3:7: error"))
        }
    }
}
