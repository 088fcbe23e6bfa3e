// What people read when their file is wrong: every file in Broken/ has an `.expected` file beside it with the exact
// output. Single rules are tested elsewhere.

import Foundation
import RelevoConfig
import Testing

@Suite("Broken files")
struct BrokenFileTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Broken")

    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
    }()

    @Test("At least ten broken files are tested")
    func enoughFiles() {
        #expect(Self.names.count >= 10)
    }

    @Test("A broken file is refused with exactly the expected words", arguments: names)
    func output(of name: String) throws {
        let text = try String(contentsOf: Self.folder.appendingPathComponent(name + ".yaml"), encoding: .utf8)
        let expected = try String(contentsOf: Self.folder.appendingPathComponent(name + ".expected"), encoding: .utf8)
        let error = try #require(throws: ConfigurationFileError.self) {
            try ConfigurationLoader().load(text: text, file: name + ".yaml")
        }
        #expect(error.rendered() + "\n" == expected)
        #expect(!error.problems.isEmpty)
    }
}
