// A real nameserver as a child of the test: dnsmasq on a port of loopback, for names below `.test`.
// Not for answers that no nameserver should give: FakeNameserver has those.

package import CLibevent
import Foundation
import Testing

/// One dnsmasq, ended with this object.
package final class Dnsmasq {
    /// It is not there.
    package struct Missing: Error, CustomStringConvertible {
        /// What to do.
        package var description: String { "dnsmasq is not installed; script/bootstrap test does that" }
    }

    /// It did not begin to serve, on several ports.
    package struct Stuck: Error {
        /// The program.
        package var log: String
    }

    /// Where it answers, over UDP and TCP.
    package let address: SocketAddress
    private let process: ChildProcess
    private let log: Pipe
    private let directory: ScratchDirectory

    /// Starts one that knows `hosts`, lines of the form of /etc/hosts, and what the options say.
    package init(hosts: String = "", _ options: String...) throws {
        let program = ["/usr/sbin/dnsmasq", "/usr/bin/dnsmasq"].first(where: FileManager.default.isExecutableFile)
        guard let program else { throw Missing() }
        directory = try ScratchDirectory()
        let file = try directory.write("hosts", hosts)
        for _ in 0..<5 {
            let port = try Self.freePort()
            let options = Self.options(port: port, hosts: file) + options
            let (process, log) = try Self.start(program, options)
            if Self.waitUntilStarted(log) {
                (self.process, self.log, address) = (process, log, .loopback(port: port))
                return
            }
            Self.end(process)
        }
        throw Stuck(log: program)
    }

    deinit { Self.end(process) }

    /// Ends it: from now on nobody answers at its address.
    package func stop() { Self.end(process) }

    private static func end(_ process: ChildProcess) {
        // It has nothing to save.
        process.signal(SIGKILL)
        process.wait()
    }

    /// Replaces the lines that it was started with; it takes notice soon.
    package func replaceHosts(_ text: String) throws {
        _ = try directory.write("hosts", text)
        process.signal(SIGHUP)
    }

    private static func options(port: UInt16, hosts: String) -> [String] {
        [
            "--keep-in-foreground", "--log-facility=-", "--conf-file=/dev/null", "--pid-file=", "--no-resolv",
            "--no-hosts", "--addn-hosts=\(hosts)", "--local=/test/", "--port=\(port)", "--listen-address=127.0.0.1",
            "--bind-interfaces",
        ] + (geteuid() == 0 ? ["--user=root"] : [])
    }

    private static func start(_ program: String, _ options: [String]) throws -> (ChildProcess, Pipe) {
        let log = Pipe()
        let process = try ChildProcess(program, options, complaints: log.fileHandleForWriting)
        try log.fileHandleForWriting.close()
        return (process, log)
    }

    /// A port that nobody listens on, for as long as nobody else asks for one.
    private static func freePort() throws -> UInt16 {
        let socket = try ListeningSocket(.loopback(port: 0), refuseIfTaken: true)
        return try #require(socket.address.port)
    }

    /// Reads what it says until it serves; false if it ended, or says nothing for long.
    private static func waitUntilStarted(_ log: Pipe) -> Bool {
        let descriptor = log.fileHandleForReading.fileDescriptor
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&waiting, 1, 30_000) == 1 {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return false }
            text += String(decoding: buffer[..<count], as: UTF8.self)
            if text.contains("started, version") { return true }
        }
        return false
    }
}
