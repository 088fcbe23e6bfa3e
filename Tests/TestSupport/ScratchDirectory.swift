// A place for the files of one test.
// Not for what a test leaves behind: it is removed.

import Foundation

/// A directory that nobody else uses, removed with its contents when the value's owner lets go of it.
package final class ScratchDirectory {
    private let directory: URL

    /// Makes it.
    package init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "r-\(UUID().uuidString.prefix(13))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// Writes a file and gives its path.
    package func write(_ name: String, _ text: String) throws -> String {
        let file = directory.appending(path: name)
        try Data(text.utf8).write(to: file)
        return file.path
    }
}
