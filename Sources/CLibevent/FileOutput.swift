// Whole blocks to a descriptor, for log writers.
// Blocks; not for a worker's thread.

import CEvent2
import Glibc

/// Writes to descriptors that are no connections.
public enum FileOutput {
    /// Writes all bytes, waiting as long as it takes.
    /// - Returns: false if the descriptor cannot take them: closed, full disk, no reader.
    public static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
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
                    return false
                }
            }
            return true
        }
    }
}

extension FileOutput {
    /// Removes the file of a socket that has been closed; anything else at the path stays.
    public static func removeSocket(_ path: String) {
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
    }
}
