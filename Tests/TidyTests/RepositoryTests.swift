// Holds this repository to the house style. A failure names the file and line; how to lift one is in CONTRIBUTING.md.
// That each rule can fail is shown by the other tests of this target.

import Foundation
import Testing

@Suite("The repository keeps the house style")
struct RepositoryTests {
    @Test("Every file keeps the rule", arguments: Rule.allCases)
    func keeps(_ rule: Rule) {
        for finding in Repository.shared.findings where finding.rule == rule {
            Issue.record("\(finding.description)")
        }
    }

    @Test("The sources, the tests and the texts of the repository are all read")
    func readsEverything() {
        let paths = Set(Repository.shared.paths)
        for path in ["Package.swift", "LICENSE", "script/test", "Tests/TidyTests/Lexer.swift"] {
            #expect(paths.contains(path))
        }
        #expect(paths.contains { $0.hasPrefix("Sources/RelevoHTTP/") && $0.hasSuffix(".swift") })
        #expect(!paths.contains { $0.hasPrefix(".build") })
    }

    @Test("Without git every file is read that no build made, and what is wrong in it is found")
    func walksWithoutGit() throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "tidy-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        for path in ["Sources/RelevoHTTP/A.swift", ".build/checkouts/B.swift", ".ci/run", "docs/roadmap.md"] {
            let file = root.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("// TODO(a)\n// TODO(b)\nimport Foundation\n".utf8).write(to: file)
        }
        try Data("TODO(a)\n".utf8).write(to: root.appending(path: "docs/roadmap.md"))
        let repository = Repository(root: root)
        #expect(repository.paths.contains(".ci/run"))
        #expect(!repository.paths.contains { $0.hasPrefix(".build") })
        #expect(repository.findings.map(\.rule) == [.openEnds, .imports])
    }

    @Test("Every target of Sources has a line in the table of allowed imports")
    func knowsEveryTarget() {
        let targets = Set(Repository.shared.paths.compactMap { Source("", path: $0).target })
        #expect(targets.subtracting(["CCares", "CEvent2", "COpenSSL"]).subtracting(allowedImports.keys).isEmpty)
    }
}
