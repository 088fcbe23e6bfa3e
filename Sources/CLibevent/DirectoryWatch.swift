// Changes in directories, as the system tells of them (inotify). Directories and not files: files are replaced by
// renaming, and a watch on a file stays with the old one.
// Which directories lead to a file is FileTrail's matter.

import CEvent2
import Glibc

/// Calls a closure when entries of directories change, on the loop's thread.
///
/// Nothing is told of what changes somewhere else than through this system, as on a file server.
package final class DirectoryWatch {
    /// What can be told.
    package enum Change: Sendable, Hashable {
        /// An entry was made, written and closed, renamed or removed, or its owner or mode has changed.
        case entry(String, in: String)
        /// The directory itself is gone, or has another name now: it is watched no more.
        case lost(String)
        /// More has happened than the system keeps: anything may have changed.
        case missed
    }

    /// Directories that are watched at most.
    package let capacity: Int

    private let descriptor: Int32
    private var registration: EventRegistration?
    private let onChanges: ([Change]) -> Void
    /// The watch of each directory, by the name under which it was given.
    private var watches: [String: Int32] = [:]
    /// The names of each watch: several if they lead to the same directory.
    private var directories: [Int32: Set<String>] = [:]

    private static let mask = UInt32(
        IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF
            | IN_MOVE_SELF | IN_ONLYDIR)
    /// Bytes that are read at once.
    private static let readSize = 64 * 1024
    /// Reads in one turn; what is left then is told of in the next.
    private static let readsPerTurn = 8

    /// Begins to watch nothing (`inotify_init1`).
    package init(
        loop: EventLoop, capacity: Int = 65_536, onChanges: @escaping ([Change]) -> Void
    ) throws(SystemError) {
        self.capacity = capacity
        self.onChanges = onChanges
        descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        guard descriptor >= 0 else { throw SystemError.last(in: .inotify) }
        do throws(SystemError) {
            registration = try EventRegistration(
                core: loop.core, descriptor: descriptor, events: Int32(EV_READ | EV_PERSIST)
            ) { [unowned self] in onReadable() }
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        registration?.add()
    }

    deinit { close() }

    /// Watches a directory from now on. If its name leads to another one than before, that is watched instead: so
    /// whoever finds that something on the way has changed names all directories again.
    /// - Throws: what the system refuses, `ENOSPC` at its bound or ``capacity``.
    package func watch(_ directory: String) throws(SystemError) {
        guard registration != nil else { throw SystemError(EBADF, in: .watch) }
        guard watches[directory] != nil || watches.count < capacity else { throw SystemError(ENOSPC, in: .watch) }
        let number = inotify_add_watch(descriptor, directory, Self.mask)
        guard number >= 0 else {
            let error = SystemError.last(in: .watch)
            unwatch(directory)
            throw error
        }
        guard watches[directory] != number else { return }
        unwatch(directory)
        watches[directory] = number
        directories[number, default: []].insert(directory)
    }

    /// Watches a directory no more.
    package func unwatch(_ directory: String) {
        guard let number = watches.removeValue(forKey: directory) else { return }
        directories[number]?.remove(directory)
        guard directories[number]?.isEmpty == true else { return }
        directories[number] = nil
        inotify_rm_watch(descriptor, number)
    }

    /// The number of directories that are watched.
    package var count: Int { watches.count }

    /// Ends all watches and lets nothing be told any more. Idempotent.
    package func close() {
        guard let registration else { return }
        registration.close()
        self.registration = nil
        Glibc.close(descriptor)
        watches = [:]
        directories = [:]
    }

    private func onReadable() {
        var changes: [Change] = []
        for _ in 0..<Self.readsPerTurn {
            let bytes = readOnce()
            guard !bytes.isEmpty else { break }
            if let events = DirectoryEvent.all(in: bytes) {
                for event in events { changes += meaning(of: event) }
            } else {
                changes.append(.missed)
            }
            // There would have been room for another event.
            if bytes.count <= Self.readSize - DirectoryEvent.mostBytes { break }
        }
        if !changes.isEmpty { onChanges(changes) }
    }

    private func readOnce() -> ArraySlice<UInt8> {
        var bytes = [UInt8](repeating: 0, count: Self.readSize)
        let count = read(descriptor, &bytes, bytes.count)
        return bytes.prefix(max(0, count))
    }

    private func meaning(of event: DirectoryEvent) -> [Change] {
        if event.mask & UInt32(IN_Q_OVERFLOW) != 0 { return [.missed] }
        // Watches that were given up may still be told of.
        guard let names = directories[event.watch] else { return [] }
        if event.mask & UInt32(IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED) != 0 {
            for name in names { unwatch(name) }
            return names.map { .lost($0) }
        }
        guard !event.name.isEmpty else { return [] }
        return names.map { .entry(event.name, in: $0) }
    }
}

@available(*, unavailable)
extension DirectoryWatch: Sendable {}
