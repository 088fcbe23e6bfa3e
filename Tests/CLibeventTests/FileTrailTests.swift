// The ways of paths over directories and links, as certbot and Kubernetes lay them, and as nobody should.
// How they are watched: FileWatcherTests in RelevoProxyTests.

import CLibevent
import Foundation
import Testing

@Suite struct FileTrailTests {
    /// The steps within the test's own directory.
    private func steps(_ trail: FileTrail, below root: String) -> [String] {
        trail.steps.filter { $0.directory.hasPrefix(root) }.map { step in
            "\(step.directory.dropFirst(root.count))/\(step.name) \(step.kind)"
        }
    }

    @Test("a plain path leads over all its directories, from the root on")
    func plain() throws {
        let place = ScratchPlace()
        place.make("sub")
        try place.write("x", to: "sub/a.pem")
        let trail = FileTrail(place.path("./sub//a.pem"))
        #expect(trail.steps.first?.directory == "/")
        #expect(trail.steps.count == place.path("sub/a.pem").split(separator: "/").count)
        #expect(steps(trail, below: place.root) == ["/sub directory", "/sub/a.pem end"])
        #expect(trail.mark == FileMark(place.path("sub/a.pem")))
        #expect(trail.mark?.isRegular == true)
    }

    @Test("certbot's links are steps, and so is what they lead to")
    func certbot() throws {
        let place = ScratchPlace()
        for name in ["live", "live/a", "archive", "archive/a"] { place.make(name) }
        try place.write("x", to: "archive/a/cert1.pem")
        place.link("live/a/cert.pem", to: "../../archive/a/cert1.pem")
        let trail = FileTrail(place.path("live/a/cert.pem"))
        #expect(
            steps(trail, below: place.root) == [
                "/live directory", "/live/a directory", "/live/a/cert.pem link", "/archive directory",
                "/archive/a directory", "/archive/a/cert1.pem end",
            ])
        #expect(trail.mark == FileMark(place.path("archive/a/cert1.pem")))
    }

    @Test("Kubernetes' switch of one link changes what the path leads to")
    func kubernetes() throws {
        let place = ScratchPlace()
        for name in ["..1", "..2"] {
            place.make(name)
            try place.write(name, to: "\(name)/tls.crt")
        }
        place.link("..data", to: "..1")
        place.link("tls.crt", to: "..data/tls.crt")
        let before = FileTrail(place.path("tls.crt"))
        #expect(
            steps(before, below: place.root) == [
                "/tls.crt link", "/..data link", "/..1 directory", "/..1/tls.crt end",
            ])
        place.link("..data_tmp", to: "..2")
        place.rename("..data_tmp", to: "..data")
        let after = FileTrail(place.path("tls.crt"))
        #expect(steps(after, below: place.root).last == "/..2/tls.crt end")
        #expect(after.mark != before.mark)
    }

    @Test("a link may lead to a path from the root, and back up")
    func absolute() throws {
        let place = ScratchPlace()
        place.make("sub")
        try place.write("x", to: "a.pem")
        place.link("link", to: place.path("sub/../a.pem"))
        let trail = FileTrail(place.path("link"))
        #expect(steps(trail, below: place.root) == ["/link link", "/sub directory", "/a.pem end"])
        #expect(trail.mark == FileMark(place.path("a.pem")))
    }

    @Test("a path that does not begin with / begins where the process is")
    func relative() throws {
        let place = ScratchPlace()
        try place.write("x", to: "a.pem")
        let here = FileManager.default.currentDirectoryPath.split(separator: "/")
        let path = String(repeating: "../", count: here.count) + place.path("a.pem").dropFirst()
        #expect(steps(FileTrail(path), below: place.root) == ["/a.pem end"])
        #expect(FileTrail(path).mark == FileMark(path))
    }

    @Test("the first thing that is missing ends the way")
    func missing() {
        let place = ScratchPlace()
        let trail = FileTrail(place.path("no/such/file"))
        #expect(steps(trail, below: place.root) == ["/no end"])
        #expect(trail.mark == nil)
        #expect(FileMark(place.path("no/such/file")) == nil)
    }

    @Test("links that lead in a circle end, as the system ends them")
    func circle() {
        let place = ScratchPlace()
        place.link("one", to: "two")
        place.link("two", to: "one")
        let trail = FileTrail(place.path("one"))
        #expect(trail.mark == nil)
        #expect(trail.steps.count < 100)
        #expect(FileMark(place.path("one")) == nil)
    }

    @Test("a link that grows with each step has a bound")
    func growing() {
        let place = ScratchPlace()
        place.link("x", to: String(repeating: "x/", count: 500) + "x")
        #expect(FileTrail(place.path("x")).steps.count <= 512)
    }

    @Test("a mark is another one after each change of the file")
    func marks() throws {
        let place = ScratchPlace()
        let file = place.path("a.pem")
        try place.write("x", to: "a.pem")
        let first = try #require(FileMark(file))
        #expect(FileMark(file) == first)
        try place.write("longer", to: "a.pem")
        let second = try #require(FileMark(file))
        #expect(second != first)
        try place.write("longer", to: "b.pem")
        place.rename("b.pem", to: "a.pem")
        #expect(try #require(FileMark(file)) != second)
        #expect(FileMark(place.root)?.isRegular == false)
    }
}
