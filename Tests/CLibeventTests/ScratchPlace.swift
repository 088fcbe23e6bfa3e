// Files, directories and links that a test changes: each step is one call of the system.
// Removed when the test lets go of it.

import CLibevent
import Foundation
import Testing

/// A directory with a path that leads over no link, as trails write it.
struct ScratchPlace {
    private let directory: ScratchDirectory?
    let root: String

    init() {
        directory = try? ScratchDirectory()
        let path = URL(filePath: directory?.path("") ?? "/").resolvingSymlinksInPath().path
        root = path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// The path of an entry.
    func path(_ name: String) -> String { root + "/" + name }

    /// Makes a directory.
    func make(_ name: String) { #expect(unsafe mkdir(path(name), 0o700) == 0) }

    /// Writes a file in place: neither a new one nor one with a new name takes its place.
    func write(_ text: String, to name: String) throws {
        let descriptor = unsafe open(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        try #require(FileOutput.writeAll(Array(text.utf8), to: descriptor))
    }

    /// Gives an entry another name, over whatever had it.
    func rename(_ name: String, to other: String) { #expect(unsafe Foundation.rename(path(name), path(other)) == 0) }

    /// Makes a symbolic link.
    func link(_ name: String, to target: String) { #expect(unsafe symlink(target, path(name)) == 0) }

    /// Removes a file, a link or an empty directory.
    func remove(_ name: String) { #expect(unsafe Foundation.remove(path(name)) == 0) }

    /// Sets an entry's mode.
    func setMode(_ mode: mode_t, of name: String) { #expect(unsafe chmod(path(name), mode) == 0) }
}
