// Starts the program that takes over from this one.
// What the two tell each other goes over a DescriptorChannel.

import CEvent2
import Glibc

/// A process that this one has started, with its standard output and error. Any thread.
public struct SuccessorProgram: Sendable {
    /// The process.
    public let identifier: Int32

    /// Starts a program; nothing else is open in it than standard input, output, error, and a channel as descriptor 3.
    /// - Parameters:
    ///   - arguments: with the program's own name in front.
    ///   - environment: `NAME=value`.
    public init(
        _ path: String, arguments: [String], environment: [String], channel: DescriptorChannel
    ) throws(SystemError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Everything else is closed by exec. The same number twice would keep that mark.
        let spare = fcntl(channel.fileDescriptor, F_DUPFD_CLOEXEC, 10)
        guard spare >= 0 else { throw SystemError.last(in: .socket) }
        defer { close(spare) }
        posix_spawn_file_actions_adddup2(&actions, spare, Self.channelDescriptor)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var words = arguments.map { strdup($0) } + [nil]
        var settings = environment.map { strdup($0) } + [nil]
        defer { for text in words + settings { free(text) } }
        var started: pid_t = 0
        let code = posix_spawn(&started, path, &actions, &attributes, &words, &settings)
        guard code == 0 else { throw SystemError(code, in: .spawn) }
        identifier = started
    }

    /// The number of the channel's descriptor in the program.
    public static var channelDescriptor: Int32 { 3 }

    /// Has its end noticed whenever it comes, on a thread of its own: until then it would stay as a zombie.
    public func reapLater() {
        _ = try? LoopThread(name: "relevo-reaper") {
            var status: Int32 = 0
            while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        }
    }

    /// Waits for its end, and ends it if that does not come in time. Blocks.
    /// - Returns: how it ended, `code 1` or `signal 9`.
    public func end(within limit: Duration) -> String {
        let latest = MonotonicTime.now + limit
        var status: Int32 = 0
        while true {
            let isLate = MonotonicTime.now >= latest
            if isLate { kill(identifier, SIGKILL) }
            let found = waitpid(identifier, &status, isLate ? 0 : WNOHANG)
            if found == identifier { break }
            if found < 0, errno != EINTR { return "an unknown outcome" }
            usleep(5000)
        }
        let signal = status & 0x7F
        return signal == 0 ? "code \((status >> 8) & 0xFF)" : "signal \(signal)"
    }
}
