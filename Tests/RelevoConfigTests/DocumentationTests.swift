// docs/configuration.md is held to the code: its examples load, and it leaves no key out. Its sentences are for
// people to check.

import Foundation
import RelevoPolicy
import Testing

@testable import RelevoConfig

@Suite("docs/configuration.md")
struct DocumentationTests {
    private static func page(_ name: String = "configuration") throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = root.deletingLastPathComponent().appendingPathComponent("docs/\(name).md")
        return try String(contentsOf: file, encoding: .utf8)
    }

    @Test("Every example loads")
    func examples() throws {
        let blocks = try Self.page().components(separatedBy: "```yaml\n").dropFirst()
        #expect(blocks.count >= 3)
        for block in blocks {
            let example = block.components(separatedBy: "```")[0]
            #expect(problems(example) == [])
            #expect(throws: Never.self) { try SnapshotBuilder.build(load(example).configuration) }
        }
    }

    @Test("Every key is there, and every key that is refused for now", arguments: Section.allCases)
    func keys(section: Section) throws {
        let page = try Self.page(section.isOfScript ? "simulate" : "configuration")
        for key in section.keys + section.laterKeys where key != "to" && key != "format" && key != "status" {
            #expect(page.contains("`\(key)`"), "\(key)")
        }
    }

    @Test("The defaults of the tables are the defaults of the code")
    func defaults() throws {
        let page = try Self.page()
        let lines = page.split(separator: "\n")
        let values = try load(SampleFile.shortest).configuration
        let (times, limits) = (values.timeouts, values.limits)
        let rows: [(String, Duration)] = [
            ("head", times.head), ("body", times.body), ("idle", times.idle), ("connect", times.connect),
            ("response", times.response), ("stream", times.stream), ("half_close", times.halfClose),
            ("upstream_idle", times.upstreamIdle), ("tunnel", times.tunnel),
            ("shutdown", times.shutdown), ("drain", times.drain),
        ]
        for (key, value) in rows {
            let row = lines.last { $0.hasPrefix("| `\(key)` | ") }
            #expect(row?.contains("| `\(value.components.seconds)s` |") == true, "\(key)")
        }
        for text in [SizeText.write(limits.headBytes), SizeText.write(limits.targetBytes), String(limits.fields)] {
            #expect(page.contains("| `\(text)` |"))
        }
        for number in [
            limits.connections, limits.idleUpstreams, limits.upstreamRequests, limits.clientConnections,
            limits.clientRequests, limits.bodyRate,
        ] {
            #expect(page.contains("| `\(number)` |"))
        }
        #expect(limits.bodyBytes == 0)
    }

    @Test(
        "The defaults of a cluster's blocks are the defaults of the code",
        arguments: [
            ("Health", "health", 12), ("Ejection", "ejection", 8), ("Retry", "retry", 7),
            ("Concurrency and queue", "concurrency", 3), ("Concurrency and queue", "queue", 2),
        ])
    func blocks(heading: String, block: String, count: Int) throws {
        let page = try Self.page()
        let start = try #require(page.firstRange(of: "\n### \(heading)\n"))
        let section = page[start.upperBound...].components(separatedBy: "\n#")[0].split(separator: "\n")
        let file = """
            listeners: [a:1]
            domains: { a.example: { endpoints: [a], health: {}, concurrency: { adaptive: on } } }
            """
        let lines = try load(file).effectiveYAML().split(separator: "\n").drop { $0 != "    \(block):" }.dropFirst()
        let defaults = lines.prefix { $0.hasPrefix("      ") }.filter { $0.hasSuffix("# default") }
        #expect(defaults.count == count)
        for line in defaults {
            let (key, value) = (line.split(separator: " ")[0].dropLast(), line.split(separator: " ")[1])
            let row = section.first { $0.hasPrefix("| `\(key)` | ") }
            #expect(row?.hasSuffix("| `\(value)` |") == true, "\(key): \(value)")
        }
    }
}
