// Tells whoever depends on files that other ones are there now, however they were put there: written in place, renamed
// over the old, or behind a link that leads somewhere else.
// Nothing is read here: what a change means is the followers' matter.

import CLibevent
import RelevoPolicy

/// Follows files. Confined to its loop, on which looking at a file may wait for a disk.
final class FileWatcher {
    private struct Follower {
        let paths: Set<String>
        let onChange: ([String]) -> Void
    }

    private let loop: EventLoop
    private let pace: FilePace
    private let notify: (FileNotice) -> Void
    private var watch: DirectoryWatch?
    private var followers: [Follower] = []
    /// How each path led to its file when it was last looked at.
    private var trails: [String: FileTrail] = [:]
    /// Which paths lead over an entry of a directory.
    private var interest: [String: [String: Set<String>]] = [:]
    /// Directories that matter and of which the system does not tell.
    private var unwatched: Set<String> = []
    private var hasComplained = false
    /// Paths on which something has changed, and since when there are any.
    private var due: Set<String> = []
    private var dueSince = MonotonicTime(nanoseconds: 0)
    private var settling: Timer?
    private var looking: Timer?

    /// Creates a watcher that follows nothing.
    init(loop: EventLoop, pace: FilePace = FilePace(), notify: @escaping (FileNotice) -> Void) throws(SystemError) {
        self.loop = loop
        self.pace = pace
        self.notify = notify
        settling = try Timer(loop: loop, .once) { [unowned self] in settle() }
        looking = try Timer(loop: loop, .once) { [unowned self] in look() }
    }

    /// Calls `onChange` from now on with those of the paths on which something has changed, in their order. It may be
    /// that the file is the same after all.
    func follow(_ paths: Set<String>, onChange: @escaping ([String]) -> Void) {
        followers.append(Follower(paths: paths, onChange: onChange))
        trace(paths.filter { trails[$0] == nil })
        scheduleLook()
    }

    /// Follows nothing any more.
    func close() {
        watch?.close()
        watch = nil
        settling?.close()
        settling = nil
        looking?.close()
        looking = nil
        followers = []
    }

    // MARK: Changes

    private func changed(_ changes: [DirectoryWatch.Change]) {
        for change in changes {
            switch change {
            case .entry(let name, let directory): touch(interest[directory]?[name] ?? [])
            case .lost(let directory): for paths in (interest[directory] ?? [:]).values { touch(paths) }
            case .missed: touch(Set(trails.keys))
            }
        }
    }

    private func touch(_ paths: Set<String>) {
        guard !paths.isEmpty else { return }
        let now = loop.now
        if due.isEmpty { dueSince = now }
        due.formUnion(paths)
        let left = (dueSince + pace.most).nanoseconds(since: now)
        // The timer is due: started anew, it would not be.
        guard left > 0 else { return }
        settling?.start(min(pace.quiet, .nanoseconds(Int64(clamping: left))))
    }

    private func settle() {
        let paths = due
        due = []
        trace(paths)
        for follower in followers {
            let own = follower.paths.intersection(paths)
            if !own.isEmpty { follower.onChange(own.sorted()) }
        }
    }

    /// Looks at every file, whatever the system tells of.
    private func look() {
        touch(Set(trails.filter { FileMark($0.key) != $0.value.mark }.keys))
        if !isWatched { touch(trace(Set(trails.keys))) }
        scheduleLook()
    }

    private func scheduleLook() { looking?.start(isWatched ? pace.look : pace.unwatchedLook) }

    private var isWatched: Bool { watch != nil && unwatched.isEmpty }

    // MARK: Ways to files

    /// Finds out how paths lead to their files, and has the system tell of every change on the way. Nothing that
    /// happens meanwhile is missed: ways are followed again after they are watched.
    /// - Returns: the paths with another file at their end than when they were followed last.
    @discardableResult
    private func trace(_ paths: Set<String>) -> Set<String> {
        let paths = Array(paths)
        var found = paths.map { FileTrail($0) }
        var seen: Set<String> = []
        var failure: (directory: String?, error: SystemError)?
        // Whoever changes the way all the time is looked at again by the next event.
        for _ in 0..<4 {
            failure = watchDirectories(of: found)
            for trail in found { seen.formUnion(trail.steps.map(\.directory)) }
            let again = paths.map { FileTrail($0) }
            let isSame = zip(found, again).allSatisfy { $0.steps == $1.steps }
            found = again
            if isSame { break }
        }
        var changed: Set<String> = []
        for (path, trail) in zip(paths, found) {
            if let before = trails[path], before.mark != trail.mark { changed.insert(path) }
            seen.formUnion(forget(path))
            remember(path, trail)
        }
        for directory in seen where interest[directory] == nil {
            watch?.unwatch(directory)
            unwatched.remove(directory)
        }
        tellWhetherWatched(failure)
        return changed
    }

    /// Has the system tell of directories.
    /// - Returns: what it refused, if that matters.
    private func watchDirectories(of trails: [FileTrail]) -> (directory: String?, error: SystemError)? {
        do throws(SystemError) {
            if watch == nil {
                watch = try DirectoryWatch(loop: loop, capacity: pace.directories) { [unowned self] in changed($0) }
            }
        } catch {
            return (nil, error)
        }
        var failure: (directory: String?, error: SystemError)?
        // Where another file can take the place of one. That a directory in between gets another name is also seen by
        // looking now and then, so nothing is said if that one may not be watched.
        let decisive = Set(trails.flatMap { $0.steps.filter { $0.kind != .directory }.map(\.directory) })
        for directory in decisive.union(trails.flatMap { $0.steps.map(\.directory) }) {
            do throws(SystemError) {
                try watch?.watch(directory)
                unwatched.remove(directory)
            } catch {
                guard decisive.contains(directory) else { continue }
                unwatched.insert(directory)
                failure = failure ?? (directory, error)
            }
        }
        return failure
    }

    private func tellWhetherWatched(_ failure: (directory: String?, error: SystemError)?) {
        if isWatched {
            if hasComplained { notify(.watched) }
            hasComplained = false
        } else if !hasComplained, let failure {
            hasComplained = true
            notify(
                .unwatched(
                    directory: failure.directory, every: pace.unwatchedLook, reason: failure.error.description))
        }
    }

    private func remember(_ path: String, _ trail: FileTrail) {
        trails[path] = trail
        for step in trail.steps { interest[step.directory, default: [:]][step.name, default: []].insert(path) }
    }

    /// Forgets a way.
    /// - Returns: its directories.
    private func forget(_ path: String) -> Set<String> {
        guard let trail = trails.removeValue(forKey: path) else { return [] }
        for step in trail.steps {
            interest[step.directory]?[step.name]?.remove(path)
            if interest[step.directory]?[step.name]?.isEmpty == true { interest[step.directory]?[step.name] = nil }
            if interest[step.directory]?.isEmpty == true { interest[step.directory] = nil }
        }
        return Set(trail.steps.map(\.directory))
    }
}

@available(*, unavailable)
extension FileWatcher: Sendable {}
