// Files, directories and links that a test changes while others look: each step is one call of the system.
// Not for what a test leaves behind: it is removed.

import CLibevent
import Foundation

/// A directory that nobody else uses, with a path that leads over no link.
package final class FileTree: Sendable {
    /// Where it is.
    package let root: String

    /// Makes it.
    package init() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "r-\(UUID().uuidString.prefix(13))")
        try FileManager.default.createDirectory(at: path, withIntermediateDirectories: false)
        root = path.resolvingSymlinksInPath().path
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    /// The path of an entry.
    package func path(_ name: String) -> String { root + "/" + name }

    private func check(_ status: Int32, in call: StaticCallName) throws {
        guard status >= 0 else { throw SystemError(errno, in: call) }
    }

    /// Makes a directory.
    package func make(_ name: String) throws { try check(mkdir(path(name), 0o700), in: .write) }

    /// Writes a file in place: neither a new one nor one with a new name takes its place.
    package func write(_ bytes: [UInt8], to name: String) throws {
        let descriptor = open(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        try check(descriptor, in: .write)
        defer { close(descriptor) }
        try check(FileOutput.writeAll(bytes, to: descriptor) ? 0 : -1, in: .write)
    }

    /// Writes a file beside another and gives it that one's name.
    package func replace(_ name: String, with bytes: [UInt8]) throws {
        try write(bytes, to: name + ".new")
        try rename(name + ".new", to: name)
    }

    /// Gives an entry another name, over whatever had it.
    package func rename(_ name: String, to other: String) throws {
        try check(Foundation.rename(path(name), path(other)), in: .write)
    }

    /// Makes a symbolic link, over whatever had the name.
    package func link(_ name: String, to target: String) throws {
        try check(symlink(target, path(name + ".new")), in: .write)
        try rename(name + ".new", to: name)
    }

    /// Removes a file, a link or an empty directory.
    package func remove(_ name: String) throws { try check(Foundation.remove(path(name)), in: .unlink) }

    /// Sets an entry's mode.
    package func setMode(_ mode: UInt32, of name: String) throws { try check(chmod(path(name), mode), in: .write) }

    /// What is in a file.
    package func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path(name)))) }
}
