// Starts other programs.
// Not for what becomes of their output; that is Program.swift.

package import Foundation

/// A program that runs beside the test. Foundation's own class keeps memory of every program that it has run, which
/// the leak check would have to pass over, and everything that such memory points to.
package final class ChildProcess: Sendable {
    /// Its number.
    package let identifier: pid_t

    /// Its exit code, negative for a signal, once it has ended; its number may be another's from then on.
    private let end = Watched<Int32?>(nil)

    /// Starts a program, found as a shell would find it. What is not given is `/dev/null`.
    ///
    /// Nothing else is open in it, and no signal is blocked, whatever the thread of the test blocks.
    package init(
        _ program: String, _ arguments: [String], input: FileHandle? = nil, output: FileHandle? = nil,
        complaints: FileHandle? = nil
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, handle) in [input, output, complaints].enumerated() {
            if let handle {
                posix_spawn_file_actions_adddup2(&actions, handle.fileDescriptor, Int32(number))
            } else {
                let mode = number == 0 ? O_RDONLY : O_WRONLY
                posix_spawn_file_actions_addopen(&actions, Int32(number), "/dev/null", mode, 0)
            }
        }
        _ = Self.closeFrom?(&actions, 3)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var settings = ProcessInfo.processInfo.environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + settings { free(text) } }
        var identifier: pid_t = 0
        let code = posix_spawnp(&identifier, program, &actions, &attributes, &words, &settings)
        guard code == 0 else { throw Failure(program: program, code: code) }
        self.identifier = identifier
        Thread.detachNewThread { [self] in reap() }
    }

    private typealias CloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, CInt) -> CInt

    /// Since glibc 2.34; its header shows it to those only who ask for more than POSIX.
    private static let closeFrom: CloseFrom? = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np").map {
        unsafeBitCast($0, to: CloseFrom.self)
    }

    /// A program that could not be started.
    package struct Failure: Error, CustomStringConvertible {
        let program: String
        let code: Int32

        /// The reason in words.
        package var description: String { "\(program) was not started: \(String(cString: strerror(code)))" }
    }

    /// Runs a program of which only the end matters.
    /// - Returns: its exit code, negative for a signal; nil if it was not started or runs for too long.
    package static func run(_ program: String, _ arguments: String...) -> Int32? {
        (try? ChildProcess(program, arguments))?.wait()
    }

    /// Sends a signal, unless it has ended.
    package func signal(_ number: Int32) {
        end.change { if $0 == nil { kill(identifier, number) } }
    }

    /// Waits until it has ended.
    /// - Returns: the exit code, negative for the signal that ended it; nil if it runs for too long.
    @discardableResult
    package func wait() -> Int32? {
        end.wait { $0 != nil }
        return end.current
    }

    /// Takes the end of the program from the system as soon as it is there. Who waits for any child of this process, as
    /// the testing library does, would be told of this one again and again.
    private func reap() {
        var facts = siginfo_t()
        // Its number stays its own until its status is taken, under the lock that signals are sent under.
        while waitid(P_PID, id_t(identifier), &facts, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        end.change { code in
            var status: Int32 = 0
            while waitpid(identifier, &status, 0) == -1, errno == EINTR {}
            let signal = status & 0x7f
            code = signal == 0 ? (status >> 8) & 0xff : -signal
        }
    }
}
