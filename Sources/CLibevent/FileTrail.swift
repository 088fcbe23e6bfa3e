// How a path leads to a file: through which directories and symbolic links. Whoever wants to know when another file is
// at the path's end has to look at every one of them.
// Reading files is others' matter.

import CEvent2
import Glibc

/// What tells one file, and one state of it, from another.
package struct FileMark: Sendable, Hashable {
    private let device: UInt64
    private let number: UInt64
    private let size: Int64
    private let written: [Int64]
    private let changed: [Int64]
    /// Whether it is a file, and no directory, pipe or device.
    package let isRegular: Bool

    /// The mark of what is at a path's end; nil if there is nothing, or nothing that may be seen. May block.
    package init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        number = UInt64(status.st_ino)
        size = Int64(status.st_size)
        written = [Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec)]
        changed = [Int64(status.st_ctim.tv_sec), Int64(status.st_ctim.tv_nsec)]
        isRegular = status.st_mode & S_IFMT == S_IFREG
    }
}

/// The way of a path at one moment.
package struct FileTrail: Sendable, Hashable {
    /// An entry of a directory that is on the way.
    package struct Step: Sendable, Hashable {
        /// What an entry is.
        package enum Kind: Sendable, Hashable {
            /// A directory that is passed.
            case directory
            /// A symbolic link.
            case link
            /// The end of the way: the file, or the first thing that is missing.
            case end
        }

        /// The directory, by a path without links.
        package let directory: String
        /// The entry.
        package let name: String
        /// What it is.
        package let kind: Kind
    }

    /// What is passed, in this order.
    package private(set) var steps: [Step] = []
    /// The mark of the file; nil if the way does not lead to any.
    package private(set) var mark: FileMark?

    /// Symbolic links of a way at most, as the system has it (path_resolution(7)).
    private static let mostLinks = 40
    /// Names of a way at most.
    private static let mostSteps = 512

    /// Follows a path; one that does not begin with `/` from the process' own directory. May block.
    package init(_ path: String) {
        var place = path.hasPrefix("/") ? [] : Self.names(Self.currentDirectory)
        var ahead = Array(Self.names(path).reversed())
        var links = 0
        while let name = ahead.popLast(), steps.count < Self.mostSteps {
            if name == ".." {
                _ = place.popLast()
                continue
            }
            let directory = "/" + place.joined(separator: "/")
            var status = stat()
            guard lstat((place + [name]).map { "/" + $0 }.joined(), &status) == 0 else {
                steps.append(Step(directory: directory, name: name, kind: .end))
                return
            }
            if status.st_mode & S_IFMT == S_IFLNK {
                steps.append(Step(directory: directory, name: name, kind: .link))
                links += 1
                guard links <= Self.mostLinks, let target = Self.target(of: directory + "/" + name) else { return }
                if target.hasPrefix("/") { place = [] }
                ahead += Self.names(target).reversed()
            } else {
                steps.append(Step(directory: directory, name: name, kind: ahead.isEmpty ? .end : .directory))
                place.append(name)
                if ahead.isEmpty { mark = FileMark(status) }
            }
        }
    }

    private static func names(_ path: String) -> [String] {
        path.split(separator: "/").filter { $0 != "." }.map { String($0) }
    }

    private static var currentDirectory: String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }

    private static func target(of path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &bytes, bytes.count)
        guard count > 0 else { return nil }
        return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
