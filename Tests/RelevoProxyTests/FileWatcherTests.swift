// Files that change in every way in which certificates are replaced, and watches that cannot be had.
// What certificates make of it: CertificateRenewalTests in IntegrationTests.

import CLibevent
import RelevoPolicy
@testable import RelevoProxy
import TestSupport
import Testing

/// A watcher on a loop of its own, and what it has told.
private final class Observer {
    let loop: EventLoop
    private(set) var calls: [[String]] = []
    private(set) var notices: [FileNotice] = []
    private var watcher: FileWatcher?

    init(_ paths: Set<String>, _ adjust: (inout FilePace) -> Void = { _ in }) throws {
        loop = try EventLoop()
        var pace = FilePace()
        pace.quiet = .milliseconds(20)
        // What is told is told by the system, not by looking.
        pace.look = .seconds(3600)
        pace.unwatchedLook = .seconds(3600)
        adjust(&pace)
        watcher = try FileWatcher(loop: loop, pace: pace) { [unowned self] in notices.append($0) }
        follow(paths)
    }

    func follow(_ paths: Set<String>) { watcher?.follow(paths) { [unowned self] in calls.append($0) } }

    /// Serves until something is true; false if it does not become so.
    func serve(until condition: () -> Bool) -> Bool {
        let end = MonotonicTime.now + .seconds(30)
        while !condition() {
            guard MonotonicTime.now < end else { return false }
            loop.runOnce()
        }
        return true
    }

    /// The next call.
    func next() throws -> [String] {
        try #require(serve { !calls.isEmpty })
        return calls.removeFirst()
    }

    func close() { watcher?.close() }
}

@Suite struct FileWatcherTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// Ways in which a file can become another.
    enum Way: CaseIterable { case write, rename, remove, mode, linkTo }

    @Test("a file that becomes another is told, and told again when it does so again", arguments: Way.allCases)
    func ways(_ way: Way) throws {
        let tree = try FileTree()
        try tree.make("certs")
        try tree.write(bytes("one"), to: "certs/a.pem")
        try tree.write(bytes("two"), to: "b.pem")
        let observer = try Observer([tree.path("certs/a.pem")])
        switch way {
        case .write: try tree.write(bytes("three"), to: "certs/a.pem")
        case .rename: try tree.replace("certs/a.pem", with: bytes("three"))
        case .remove: try tree.remove("certs/a.pem")
        case .mode: try tree.setMode(0o640, of: "certs/a.pem")
        case .linkTo: try tree.link("certs/a.pem", to: "../b.pem")
        }
        #expect(try observer.next() == [tree.path("certs/a.pem")])
        // In place, through the link if there is one.
        try tree.write(bytes("four"), to: "certs/a.pem")
        #expect(try observer.next() == [tree.path("certs/a.pem")])
        #expect(observer.notices.isEmpty)
    }

    @Test("certbot: a link in live/ that leads to another file in archive/")
    func certbot() throws {
        let tree = try FileTree()
        for name in ["live", "live/a", "archive", "archive/a"] { try tree.make(name) }
        for number in 1...3 {
            for name in ["cert", "key"] { try tree.write(bytes("\(number)"), to: "archive/a/\(name)\(number).pem") }
        }
        for name in ["cert", "key"] { try tree.link("live/a/\(name).pem", to: "../../archive/a/\(name)1.pem") }
        let paths = ["cert", "key"].map { tree.path("live/a/\($0).pem") }
        let observer = try Observer(Set(paths))
        for number in 2...3 {
            for name in ["cert", "key"] {
                try tree.link("live/a/\(name).pem", to: "../../archive/a/\(name)\(number).pem")
            }
            #expect(try observer.next() == paths)
        }
        try tree.write(bytes("in place"), to: "archive/a/key3.pem")
        #expect(try observer.next() == [paths[1]])
    }

    @Test("Kubernetes: the switch of ..data is told for all files behind it, each time")
    func kubernetes() throws {
        let tree = try FileTree()
        func makeVersion(_ number: Int) throws {
            try tree.make("..\(number)")
            for name in ["tls.crt", "tls.key"] { try tree.write(bytes("\(number)"), to: "..\(number)/\(name)") }
        }
        try makeVersion(1)
        try tree.link("..data", to: "..1")
        for name in ["tls.crt", "tls.key"] { try tree.link(name, to: "..data/\(name)") }
        let paths = ["tls.crt", "tls.key"].map { tree.path($0) }
        let observer = try Observer(Set(paths))
        for number in 2...4 {
            try makeVersion(number)
            try tree.link("..data", to: "..\(number)")
            for name in ["tls.crt", "tls.key"] { try tree.remove("..\(number - 1)/\(name)") }
            try tree.remove("..\(number - 1)")
            #expect(try observer.next() == paths)
        }
    }

    @Test("directories on the way may get other names, go and come back", arguments: ["certs", "certs/a"])
    func directories(_ moved: String) throws {
        let tree = try FileTree()
        func make() throws {
            try tree.make("certs")
            try tree.make("certs/a")
            try tree.write(bytes("one"), to: "certs/a/f.pem")
        }
        try make()
        let path = tree.path("certs/a/f.pem")
        let observer = try Observer([path])
        try tree.rename(moved, to: "old")
        #expect(try observer.next() == [path])
        if moved == "certs" { try make() } else { try tree.rename("old", to: moved) }
        #expect(try observer.next() == [path])
        try tree.write(bytes("two"), to: "certs/a/f.pem")
        #expect(try observer.next() == [path])
        try tree.remove("certs/a/f.pem")
        try tree.remove("certs/a")
        #expect(try observer.next() == [path])
        try tree.make("certs/a")
        try tree.write(bytes("three"), to: "certs/a/f.pem")
        #expect(try observer.next() == [path])
    }

    @Test("a file that is not there is told when it comes, with all that leads to it")
    func coming() throws {
        let tree = try FileTree()
        let observer = try Observer([tree.path("later/on/f.pem")])
        try tree.make("later")
        #expect(try observer.next() == [tree.path("later/on/f.pem")])
        try tree.make("later/on")
        try tree.write(bytes("x"), to: "later/on/f.pem")
        #expect(try observer.next() == [tree.path("later/on/f.pem")])
    }

    @Test("changes that follow each other are told together; neighbours of a file are not told")
    func together() throws {
        let tree = try FileTree()
        let names = ["a.key", "a.pem", "b.pem"]
        for name in names + ["neighbour"] { try tree.write(bytes("x"), to: name) }
        let observer = try Observer(Set(names.map { tree.path($0) }))
        for name in ["neighbour", "a.pem", "neighbour", "a.key"] { try tree.write(bytes("y"), to: name) }
        #expect(try observer.next() == [tree.path("a.key"), tree.path("a.pem")])
        try tree.write(bytes("z"), to: "neighbour")
        try tree.write(bytes("z"), to: "b.pem")
        #expect(try observer.next() == [tree.path("b.pem")])
        #expect(observer.calls.isEmpty)
    }

    @Test("changes that never cease are told all the same")
    func ceaseless() throws {
        let tree = try FileTree()
        try tree.write(bytes("x"), to: "a.pem")
        let observer = try Observer([tree.path("a.pem")]) {
            $0.quiet = .seconds(3600)
            $0.most = .milliseconds(50)
        }
        #expect(
            observer.serve {
                _ = try? tree.write(bytes("y"), to: "a.pem")
                return observer.calls.count >= 2
            })
    }

    @Test("each follower is told of its own files")
    func followers() throws {
        let tree = try FileTree()
        for name in ["a", "b", "c"] { try tree.write(bytes("x"), to: name) }
        let observer = try Observer([tree.path("a"), tree.path("b")])
        observer.follow([tree.path("b"), tree.path("c")])
        for name in ["a", "b", "c"] { try tree.write(bytes("y"), to: name) }
        #expect(try observer.next() == [tree.path("a"), tree.path("b")])
        #expect(try observer.next() == [tree.path("b"), tree.path("c")])
    }

    @Test("more changes than the system keeps: every file is told")
    func overflow() throws {
        let tree = try FileTree()
        for name in ["a", "b", "c"] { try tree.write(bytes("x"), to: name) }
        let observer = try Observer(Set(["a", "b", "c"].map { tree.path($0) }))
        for _ in 0..<20_000 { for name in ["a", "b"] { try tree.setMode(0o600, of: name) } }
        try tree.write(bytes("y"), to: "c")
        #expect(try observer.next() == ["a", "b", "c"].map { tree.path($0) })
    }

    @Test("where the system does not watch, files are looked at; that is said once")
    func unwatched() throws {
        let tree = try FileTree()
        for name in ["one", "two"] {
            try tree.make(name)
            try tree.write(bytes("x"), to: "\(name)/f")
        }
        let observer = try Observer([tree.path("one/f"), tree.path("two/f")]) {
            $0.directories = 1
            $0.unwatchedLook = .milliseconds(20)
        }
        guard case .unwatched(let directory?, .milliseconds(20), let reason) = observer.notices.first else {
            Issue.record("\(observer.notices)")
            return
        }
        #expect(directory.hasPrefix(tree.root))
        #expect(reason.contains("inotify_add_watch"))
        for name in ["one", "two", "one"] {
            try tree.replace("\(name)/f", with: bytes("y"))
            #expect(try observer.next() == [tree.path("\(name)/f")])
        }
        try tree.remove("two/f")
        #expect(try observer.next() == [tree.path("two/f")])
        #expect(observer.notices.count == 1)
    }

    @Test("without descriptors files are looked at, and watched when there are some again")
    func noDescriptors() async {
        await #expect(processExitsWith: .success) {
            let tree = try FileTree()
            try tree.write(Array("x".utf8), to: "f")
            var pace = FilePace()
            pace.quiet = .milliseconds(10)
            pace.unwatchedLook = .milliseconds(20)
            let loop = try EventLoop()
            var notices: [FileNotice] = []
            var calls = 0
            let watcher = try FileWatcher(loop: loop, pace: pace) { notices.append($0) }
            var taken: [ListeningSocket] = [try ListeningSocket(.loopback(port: 0), refuseIfTaken: true)]
            while taken.count < 2_000_000, let another = try? taken[0].duplicate() { taken.append(another) }
            watcher.follow([tree.path("f")]) { _ in calls += 1 }
            guard case .unwatched(nil, _, let reason) = notices.first else {
                Issue.record("\(notices)")
                return
            }
            #expect(reason.contains("inotify_init1"))
            try tree.setMode(0o640, of: "f")
            let end = MonotonicTime.now + .seconds(30)
            while calls == 0, MonotonicTime.now < end { loop.runOnce() }
            #expect(calls > 0)
            taken = []
            while notices.count == 1, MonotonicTime.now < end { loop.runOnce() }
            #expect(notices.last == .watched)
            watcher.close()
        }
    }

    @Test("a watcher that is closed tells nothing")
    func closing() throws {
        let tree = try FileTree()
        try tree.write(bytes("x"), to: "f")
        let observer = try Observer([tree.path("f")])
        try tree.write(bytes("y"), to: "f")
        observer.loop.runOnce()
        observer.close()
        observer.close()
        try tree.write(bytes("z"), to: "f")
        for _ in 0..<100 { observer.loop.runOnce() }
        #expect(observer.calls.isEmpty)
    }
}
