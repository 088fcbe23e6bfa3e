// Files as the operating system gives them: missing, unreadable, too large, not text. Their contents are tested
// elsewhere.

import Foundation
import RelevoPolicy
import Testing

@testable import RelevoConfig

@Suite("Reading files")
struct FileReadingTests {
    /// Runs a body with an empty directory that is gone afterwards.
    private func withDirectory(_ body: (URL) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("relevo-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: directory) }
        try body(directory)
    }

    private func refusal(_ url: URL) -> String? {
        do {
            _ = try ConfigurationLoader().load(path: url.path)
            return nil
        } catch {
            return error.rendered().replacing(url.deletingLastPathComponent().path + "/", with: "")
        }
    }

    @Test("A file is read under the name that it was given, links followed")
    func links() throws {
        try withDirectory { directory in
            let file = directory.appendingPathComponent("relevo.yaml")
            let link = directory.appendingPathComponent("link.yaml")
            try SampleFile.shortest.write(to: file, atomically: false, encoding: .utf8)
            try FileManager.default.createSymbolicLink(at: link, withDestinationURL: file)
            let loaded = try ConfigurationLoader().load(path: link.path)
            #expect(loaded.file == link.path)
            #expect(loaded.text == SampleFile.shortest)
            #expect(loaded.configuration.domains.count == 2)
        }
    }

    @Test("A file that is not there is named")
    func missing() throws {
        try withDirectory { directory in
            #expect(refusal(directory.appendingPathComponent("none.yaml")) == "error: there is no file `none.yaml`")
            #expect(refusal(directory.appendingPathComponent("a/b.yaml")) == "error: there is no file `b.yaml`")
        }
    }

    @Test("A directory, also behind a link, is no configuration")
    func directory() throws {
        try withDirectory { directory in
            let inner = directory.appendingPathComponent("conf")
            let link = directory.appendingPathComponent("link")
            try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: false)
            try FileManager.default.createSymbolicLink(at: link, withDestinationURL: inner)
            let cure = "\n  = name the configuration file in it"
            #expect(refusal(inner) == "error: `conf` is a directory" + cure)
            #expect(refusal(link) == "error: `link` is a directory" + cure)
        }
    }

    @Test("A file that this user may not read is refused", .enabled(if: getuid() != 0, "root may read everything"))
    func permission() throws {
        try withDirectory { directory in
            let file = directory.appendingPathComponent("secret.yaml")
            try Data("a".utf8).write(to: file)
            try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: file.path)
            #expect(refusal(file)?.hasPrefix("error: `secret.yaml` may not be read by this user") == true)
        }
    }

    @Test("A file larger than 16 MiB is refused, also when its size is not known before")
    func tooLarge() throws {
        try withDirectory { directory in
            let file = directory.appendingPathComponent("large.yaml")
            try Data(repeating: UInt8(ascii: "#"), count: ConfigurationLoader.maxFileBytes + 1).write(to: file)
            #expect(refusal(file) == "error: `large.yaml` is larger than 16MiB")
        }
        #expect(refusal(URL(fileURLWithPath: "/dev/zero")) == "error: `zero` is larger than 16MiB")
    }

    @Test("A file without a byte says nothing")
    func empty() throws {
        try withDirectory { directory in
            let file = directory.appendingPathComponent("empty.yaml")
            try Data().write(to: file)
            #expect(refusal(file)?.hasPrefix("empty.yaml:1:1: error: the file says nothing") == true)
        }
    }

    @Test("A file of exactly the largest size is read")
    func largest() throws {
        try withDirectory { directory in
            let file = directory.appendingPathComponent("large.yaml")
            try Data(repeating: UInt8(ascii: "#"), count: 100).write(to: file)
            #expect(try ConfigurationFile.read(file.path, maxBytes: 100).count == 100)
            #expect(throws: ConfigurationProblem.self) { try ConfigurationFile.read(file.path, maxBytes: 99) }
        }
    }

    @Test(
        "A file that is not UTF-8 is refused at the first wrong byte",
        arguments: [
            ([0x61, 0x3A, 0x20, 0xE9, 0x0A], 1, 4), ([0x61, 0x3A, 0x20, 0xC3, 0xA9, 0x0A, 0xC3], 2, 1),
            ([0xFF, 0xFE, 0x61, 0x00], 1, 1), ([0xC0, 0xAF], 1, 1), ([0xED, 0xA0, 0x80], 1, 1),
        ])
    func encoding(bytes: [UInt8], line: Int, column: Int) throws {
        try withDirectory { directory in
            let file = directory.appendingPathComponent("latin.yaml")
            try Data(bytes).write(to: file)
            #expect(refusal(file)?.hasPrefix("latin.yaml:\(line):\(column): error: the file is not in UTF-8\n") == true)
        }
    }
}
