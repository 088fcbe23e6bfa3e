// Small files as bytes: certificates, keys, lists.
// What they mean is others' matter.

import CLibevent
import Glibc

/// Reads files of the sizes that certificates and keys have.
public enum PEMFile {
    /// Bytes that a file has at most: several times those of all authorities that systems know.
    public static var most: Int { 4 << 20 }

    /// What may be read.
    public enum Kind: Sendable {
        /// Whatever can be opened, as a pipe whose writer brings a key once.
        case any
        /// A file, and nothing for which one would have to wait.
        case regular
    }

    /// The contents of a file. Blocks; any thread.
    public static func read(_ path: String, _ kind: Kind = .any) throws(TLSError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | (kind == .regular ? O_NONBLOCK : 0))
        guard descriptor >= 0 else { throw .unreadable(path: path, SystemError(errno, in: .read)) }
        defer { close(descriptor) }
        guard kind == .any || isRegular(descriptor) else { throw .notRegular(path: path) }
        var bytes: [UInt8] = []
        while bytes.count <= most {
            var piece = [UInt8](repeating: 0, count: 64 * 1024)
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable(path: path, SystemError(errno, in: .read)) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: piece.prefix(count))
        }
        throw .tooLarge(path: path)
    }

    private static func isRegular(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Whether every user of the machine may read a file: not what a private key wants.
    public static func isReadableByAll(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IROTH != 0
    }
}
