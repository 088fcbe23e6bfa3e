// As whom this process runs, and how a process of root becomes somebody else's: by executing its program anew, so that
// no thread, no memory and no descriptor of root is left in it.

import CEvent2
import Glibc

/// A user of the system. Any thread.
public struct ProcessIdentity: Sendable, Hashable {
    /// The user's number.
    public let user: UInt32
    /// The number of the user's group.
    public let group: UInt32
    /// The user's name; nil for one that has none.
    public let name: String?

    /// As whom this process runs.
    public static var current: ProcessIdentity {
        ProcessIdentity(user: geteuid(), group: getegid(), name: entry(ofUser: geteuid())?.name)
    }

    /// The number of this process.
    public static var number: Int { Int(getpid()) }

    private init(user: UInt32, group: UInt32, name: String?) {
        (self.user, self.group, self.name) = (user, group, name)
    }

    /// Finds a user, and a group that is not the user's own, by names or numbers.
    /// - Returns: nil if there is none.
    public init?(user wanted: String, group wantedGroup: String?) {
        let found = Self.entry(named: wanted) ?? UInt32(wanted).flatMap { Self.entry(ofUser: $0) }
        guard let user = found?.user ?? UInt32(wanted) else { return nil }
        // A user without an entry has no group of its own.
        guard let group = wantedGroup.map({ Self.group(named: $0) ?? UInt32($0) }) ?? found?.group else { return nil }
        self.init(user: user, group: group, name: found?.name)
    }

    private static func entry(named name: String) -> ProcessIdentity? { entry { getpwnam_r(name, $0, $1, $2, $3) } }

    private static func entry(ofUser user: UInt32) -> ProcessIdentity? { entry { getpwuid_r(user, $0, $1, $2, $3) } }

    private typealias Search = (
        UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
        UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> Int32

    private static func entry(_ search: Search) -> ProcessIdentity? {
        var form = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var texts = [CChar](repeating: 0, count: 1 << 16)
        guard search(&form, &texts, texts.count, &found) == 0, found != nil else { return nil }
        return ProcessIdentity(user: form.pw_uid, group: form.pw_gid, name: String(cString: form.pw_name))
    }

    private static func group(named name: String) -> UInt32? {
        var form = Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        var texts = [CChar](repeating: 0, count: 1 << 16)
        guard getgrnam_r(name, &form, &texts, texts.count, &found) == 0, found != nil else { return nil }
        return form.gr_gid
    }

    /// Whether this process runs as root.
    public static var isRoot: Bool { geteuid() == 0 }

    /// Gives the file of a socket to the user, if it is this process' own and has no other name: somebody else may have
    /// put another file at its path.
    public func own(_ path: String) {
        let (onlyThePath, emptyPath) = (Int32(0o10000000), Int32(0x1000))
        let file = open(path, onlyThePath | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK, status.st_uid == geteuid(),
            status.st_nlink == 1
        else { return }
        _ = fchownat(file, "", user, group, emptyPath)
    }

    /// Executes a program in the place of this process, as this user. The only right of root that is kept is that to
    /// ports below 1024.
    /// - Parameters:
    ///   - arguments: with the program's own name in front.
    ///   - environment: `NAME=value`; LISTEN_FDS and LISTEN_PID are added.
    ///   - sockets: become the descriptors from 3 on, as sd_listen_fds(3) wants them.
    /// - Throws: if it did not come to that. The process is good for nothing then but to end.
    public func execute(
        _ path: String, arguments: [String], environment: [String], sockets: [ListeningSocket]
    ) throws(SystemError) -> Never {
        try place(sockets)
        guard relevo_become(user, group, name) == 0 else { throw SystemError.last(in: .user) }
        let listen = ["LISTEN_PID=\(getpid())", "LISTEN_FDS=\(sockets.count)"]
        let texts = environment.filter { !$0.hasPrefix("LISTEN_") } + listen
        var words = arguments.map { strdup($0) } + [nil]
        var settings = texts.map { strdup($0) } + [nil]
        execve(path, &words, &settings)
        throw SystemError.last(in: .exec)
    }

    /// First out of each other's way, then where they belong.
    private func place(_ sockets: [ListeningSocket]) throws(SystemError) {
        let first: Int32 = 3
        var copies: [Int32] = []
        for socket in sockets {
            let copy = fcntl(socket.socket.fileDescriptor, F_DUPFD_CLOEXEC, first + Int32(sockets.count))
            guard copy >= 0 else { throw SystemError.last(in: .socket) }
            copies.append(copy)
        }
        for (index, copy) in copies.enumerated() {
            guard dup2(copy, first + Int32(index)) >= 0 else { throw SystemError.last(in: .socket) }
        }
    }
}
