// Runs the `relevo` program that stands beside the test bundle.
// Not for other programs.

import Foundation

/// One run of a program.
package final class Program: Sendable {
    /// What a program left behind.
    package struct Outcome: Sendable {
        /// The exit code; negative for the signal that ended it.
        package var status: Int32
        /// What it wrote on standard output.
        package var output: String
        /// What it wrote on standard error.
        package var complaints: String
    }

    /// Where `relevo` is: in the directory of the running test bundle.
    package static var relevo: String {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("relevo").path
    }

    private let process: ChildProcess
    private let output = Watched("")
    private let complaints = Watched("")
    private let open = Watched(2)

    private let input: HandleBox?

    /// Starts a program. One that is talked to reads what ``say(_:)`` gives it; others have nothing to read.
    package init(_ path: String, _ arguments: [String], isTalkedTo: Bool = false) throws {
        let source = isTalkedTo ? Pipe() : nil
        input = source.map { HandleBox($0.fileHandleForWriting) }
        let pipes = [(Pipe(), output), (Pipe(), complaints)]
        let process = try ChildProcess(
            path, arguments, input: source?.fileHandleForReading, output: pipes[0].0.fileHandleForWriting,
            complaints: pipes[1].0.fileHandleForWriting)
        self.process = process
        for (pipe, text) in pipes {
            let reader = pipe.fileHandleForReading.fileDescriptor
            let keeper = HandleBox(pipe.fileHandleForReading)
            Thread.detachNewThread { [open] in
                Self.collect(reader, into: text)
                withExtendedLifetime(keeper) {}
                open.change { $0 -= 1 }
            }
        }
    }

    deinit { process.signal(SIGTERM) }

    private static func collect(_ descriptor: Int32, into text: Watched<String>) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count <= 0 { return }
            text.change { $0 += String(decoding: buffer[0..<count], as: UTF8.self) }
        }
    }

    /// The process.
    package var identifier: Int32 { process.identifier }

    /// Gives a text to the program to read.
    package func say(_ text: String) { try? input?.handle.write(contentsOf: Data(text.utf8)) }

    /// Ends what the program has to read.
    package func finishSaying() { try? input?.handle.close() }

    /// Sends a signal.
    package func signal(_ number: Int32) { process.signal(number) }

    /// Waits until what the program wrote on standard error satisfies `test`.
    /// - Returns: all that it wrote there.
    package func complaints(until test: (String) -> Bool) -> String {
        complaints.wait(until: test)
        return complaints.current
    }

    /// Waits until what the program wrote on standard output satisfies `test`.
    /// - Returns: all that it wrote there.
    package func output(until test: (String) -> Bool) -> String {
        output.wait(until: test)
        return output.current
    }

    /// Waits for the program's end.
    package func outcome() throws -> Outcome {
        guard open.wait(until: { $0 == 0 }), let status = process.wait() else {
            process.signal(SIGKILL)
            throw WireError.timeout
        }
        return Outcome(status: status, output: output.current, complaints: complaints.current)
    }

    /// Runs `relevo` to its end.
    package static func run(_ arguments: String...) throws -> Outcome {
        try Program(relevo, arguments).outcome()
    }
}

/// Keeps a pipe's descriptor open for the thread that reads it.
private final class HandleBox: @unchecked Sendable {
    let handle: FileHandle
    init(_ handle: FileHandle) { self.handle = handle }
}

/// A directory that ends with the test.
package final class TemporaryDirectory: Sendable {
    /// Where it is.
    package let path: String

    /// Creates it.
    package init() throws {
        path = NSTemporaryDirectory() + "relevo-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file.
    /// - Returns: its path.
    package func write(_ name: String, _ text: String) throws -> String {
        let file = "\(path)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return file
    }

    /// Whether there is anything of that name.
    package func contains(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }
}

/// This process, as the system sees it.
package enum ThisProcess {
    /// Resident memory in bytes.
    package static var residentBytes: Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Whether its memory says anything: a sanitizer keeps freed memory and shadows the rest.
    package static var hasPlainMemory: Bool {
        ["", "none"].contains(ProcessInfo.processInfo.environment["RELEVO_SANITIZER"] ?? "")
    }

    /// Threads.
    package static var threadCount: Int {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []).count
    }

    /// Lets the runtime open what its timers need, so that a count of descriptors afterwards is the test's own.
    package static func settle() async { try? await Task.sleep(for: .milliseconds(1)) }

    /// Open descriptors.
    package static var descriptorCount: Int {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []).count
    }
}
