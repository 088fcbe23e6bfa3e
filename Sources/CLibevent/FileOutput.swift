// Whole blocks to a descriptor, for log writers.
// Blocks; not for a worker's thread.

import CEvent2
import Glibc

/// Writes to descriptors that are no connections.
public enum FileOutput {
    /// Writes all bytes, waiting as long as it takes.
    /// - Returns: false if the descriptor cannot take them: closed, full disk, no reader.
    public static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        write(bytes, to: descriptor) == bytes.count
    }

    /// Writes as many bytes as the descriptor takes, waiting as long as it takes.
    /// - Returns: how many it has taken: fewer than there are if it is closed, its disk is full, or nobody reads.
    public static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written > 0 {
                    rest = rest.dropFirst(written)
                } else if written < 0, errno == EAGAIN {
                    var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&wait, 1, -1)
                } else if !(written < 0 && errno == EINTR) {
                    break
                }
            }
            return buffer.count - rest.count
        }
    }

    /// Opens a file, made if it is missing (mode 0640), so that whatever is written goes to its end (`open(2)`).
    /// A pipe that nobody reads is refused rather than waited for.
    /// - Returns: the descriptor, which is the caller's.
    public static func openForAppending(_ path: String) throws(SystemError) -> Int32 {
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
        let descriptor = Glibc.open(path, flags, 0o640)
        guard descriptor >= 0 else { throw .last(in: .open) }
        return descriptor
    }

    /// Closes a descriptor of ``openForAppending(_:)``.
    public static func close(_ descriptor: Int32) { Glibc.close(descriptor) }
}

extension FileOutput {
    /// Removes the file of a socket that has been closed; anything else at the path stays.
    public static func removeSocket(_ path: String) {
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
    }
}
