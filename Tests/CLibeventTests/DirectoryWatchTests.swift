// What the system tells of directories, with real files. How its bytes are taken apart: DirectoryEventTests; which
// directories lead to a file: FileTrailTests.

import CLibevent
import Foundation
import Testing

@Suite struct DirectoryWatchTests {
    /// A watch that writes down what it is told.
    private final class Observer {
        let loop: EventLoop
        private(set) var watch: DirectoryWatch?
        private(set) var changes: [DirectoryWatch.Change] = []

        init(capacity: Int = 100) throws {
            loop = try EventLoop()
            watch = try DirectoryWatch(loop: loop, capacity: capacity) { [unowned self] in changes += $0 }
        }

        /// What was told since the last call, at least once.
        func next() throws -> Set<DirectoryWatch.Change> {
            try #require(serve(loop) { !changes.isEmpty })
            return rest()
        }

        /// What has been told by now.
        func rest() -> Set<DirectoryWatch.Change> {
            settle(loop)
            defer { changes = [] }
            return Set(changes)
        }

        func release() { watch = nil }
    }

    /// Ways in which an entry can change that was there before.
    enum Way: CaseIterable { case write, chmod, remove, renameAway, renameOver, linkOver }

    @Test("every way to change an entry is told", arguments: Way.allCases)
    func ways(_ way: Way) throws {
        let directory = ScratchPlace()
        try directory.write("one", to: "a.pem")
        try directory.write("two", to: "b.pem")
        let observer = try Observer()
        try observer.watch?.watch(directory.root)
        #expect(observer.rest().isEmpty)
        switch way {
        case .write: try directory.write("three", to: "a.pem")
        case .chmod: directory.setMode(0o640, of: "a.pem")
        case .remove: directory.remove("a.pem")
        case .renameAway: directory.rename("a.pem", to: "c.pem")
        case .renameOver: directory.rename("b.pem", to: "a.pem")
        case .linkOver:
            directory.link("link", to: "b.pem")
            directory.rename("link", to: "a.pem")
        }
        #expect(try observer.next().contains(.entry("a.pem", in: directory.root)))
    }

    @Test("a directory with two names is told of under both, and under one if the other is given up")
    func twoNames() throws {
        let directory = ScratchPlace()
        let alias = directory.path("alias")
        directory.make("real")
        directory.link("alias", to: "real")
        let observer = try Observer()
        try observer.watch?.watch(directory.path("real"))
        try observer.watch?.watch(alias)
        try directory.write("x", to: "real/f")
        #expect(try observer.next() == [.entry("f", in: directory.path("real")), .entry("f", in: alias)])
        observer.watch?.unwatch(directory.path("real"))
        try directory.write("y", to: "real/f")
        #expect(try observer.next() == [.entry("f", in: alias)])
        observer.watch?.unwatch(alias)
        try directory.write("z", to: "real/f")
        #expect(observer.rest().isEmpty)
        #expect(observer.watch?.count == 0)
    }

    @Test("a directory that is removed or gets another name is lost, and can be watched again when there is one")
    func lost() throws {
        let directory = ScratchPlace()
        let place = directory.path("certs")
        directory.make("certs")
        let observer = try Observer()
        try observer.watch?.watch(place)
        directory.rename("certs", to: "old")
        #expect(try observer.next() == [.lost(place)])
        #expect(errorCode { try observer.watch?.watch(place) } == ENOENT)
        directory.make("certs")
        try observer.watch?.watch(place)
        try directory.write("x", to: "old/f")
        #expect(observer.rest().isEmpty)
        directory.remove("certs")
        #expect(try observer.next() == [.lost(place)])
        #expect(observer.watch?.count == 0)
    }

    @Test("a name that leads to another directory is followed when it is given again, and the old one is silent")
    func moved() throws {
        let directory = ScratchPlace()
        let place = directory.path("data")
        for name in ["one", "two"] { directory.make(name) }
        directory.link("data", to: "one")
        let observer = try Observer()
        try observer.watch?.watch(place)
        directory.remove("data")
        directory.link("data", to: "two")
        try observer.watch?.watch(place)
        #expect(observer.watch?.count == 1)
        try directory.write("x", to: "one/f")
        #expect(observer.rest().isEmpty)
        try directory.write("x", to: "two/f")
        #expect(try observer.next() == [.entry("f", in: place)])
    }

    @Test("what is no directory, and more than the capacity, is refused; a directory counts once")
    func refusals() throws {
        let directory = ScratchPlace()
        try directory.write("x", to: "file")
        for name in ["a", "b"] { directory.make(name) }
        let observer = try Observer(capacity: 1)
        #expect(errorCode { try observer.watch?.watch(directory.path("file")) } == ENOTDIR)
        #expect(errorCode { try observer.watch?.watch(directory.path("nothing")) } == ENOENT)
        try observer.watch?.watch(directory.path("a"))
        try observer.watch?.watch(directory.path("a"))
        #expect(errorCode { try observer.watch?.watch(directory.path("b")) } == ENOSPC)
        observer.watch?.unwatch(directory.path("a"))
        try observer.watch?.watch(directory.path("b"))
    }

    @Test("inotify(7): more changes than the system keeps are told as such")
    func overflow() throws {
        let directory = ScratchPlace()
        let files = ["a", "b"]
        for file in files { try directory.write("x", to: file) }
        let text = try String(contentsOfFile: "/proc/sys/fs/inotify/max_queued_events", encoding: .utf8)
        let limit = try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        let observer = try Observer()
        try observer.watch?.watch(directory.root)
        // Equal events in a row are one.
        for _ in 0..<(limit / 2 + 10) { for file in files { directory.setMode(0o600, of: file) } }
        try #require(serve(observer.loop) { observer.changes.contains(.missed) })
        _ = observer.rest()
        try directory.write("y", to: files[0])
        #expect(try observer.next().contains(.entry("a", in: directory.root)))
    }

    @Test("a closed watch tells nothing, watches nothing and can be closed again; its closure is let go of")
    func closing() throws {
        let directory = ScratchPlace()
        let loop = try EventLoop()
        var calls = 0
        var token: Token? = Token()
        let remembered = Remembered(token)
        var watch: DirectoryWatch?
        watch = try DirectoryWatch(loop: loop) { [token] _ in
            calls += token == nil ? 0 : 1
            watch?.close()
        }
        token = nil
        try watch?.watch(directory.root)
        for name in ["a", "b", "c"] { try directory.write("x", to: name) }
        try #require(serve(loop) { calls > 0 })
        try directory.write("x", to: "d")
        settle(loop)
        #expect(calls == 1)
        #expect(errorCode { try watch?.watch(directory.root) } == EBADF)
        watch?.close()
        watch = nil
        #expect(remembered.isGone)
    }

    @Test("without descriptors there is no watch, and the reason is told")
    func noDescriptors() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            let taken = try exhaustDescriptors()
            #expect(errorCode { _ = try DirectoryWatch(loop: loop) { _ in } } == EMFILE)
            #expect(!taken.isEmpty)
        }
    }
}
