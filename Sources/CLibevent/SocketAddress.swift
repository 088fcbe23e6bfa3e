// Addresses of sockets as values.
// Names of hosts are resolved in CLibeventDNS.

import CEvent2
import Glibc

/// The address of a socket: IPv4, IPv6 or a path of the file system.
public enum SocketAddress: Sendable, Hashable {
    /// Address and port in host byte order.
    case ipv4(address: UInt32, port: UInt16)
    /// The upper and lower half of the address in host byte order, the port, and the scope (0 if none).
    case ipv6(high: UInt64, low: UInt64, port: UInt16, scope: UInt32)
    /// A path of at most 107 bytes; empty for an unnamed socket.
    case unix(path: String)

    /// The longest path that a `sockaddr_un` holds, in bytes.
    public static var maxPathBytes: Int { 107 }

    /// Reads a literal such as `127.0.0.1` or `::1` (`inet_pton`); nil for anything else, names included.
    public init?(literal host: String, port: UInt16) {
        // A C string would end at a NUL, and the rest of the text would go unread.
        guard !host.utf8.contains(0) else { return nil }
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, host, &v4) == 1 {
            self = .ipv4(address: UInt32(bigEndian: v4.s_addr), port: port)
        } else if inet_pton(AF_INET6, host, &v6) == 1 {
            let (high, low) = withUnsafeBytes(of: &v6) {
                ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
            self = .ipv6(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low), port: port, scope: 0)
        } else {
            return nil
        }
    }

    /// Loopback of IPv4, port chosen by the caller.
    public static func loopback(port: UInt16) -> SocketAddress { .ipv4(address: 0x7F00_0001, port: port) }

    /// The port; nil for paths.
    public var port: UInt16? {
        switch self {
        case .ipv4(_, let port), .ipv6(_, _, let port, _): port
        case .unix: nil
        }
    }

    /// The same address with another port; paths stay as they are.
    public func withPort(_ port: UInt16) -> SocketAddress {
        switch self {
        case .ipv4(let address, _): .ipv4(address: address, port: port)
        case .ipv6(let high, let low, _, let scope): .ipv6(high: high, low: low, port: port, scope: scope)
        case .unix: self
        }
    }

    /// The IPv4 address behind one of `::ffff:0:0/96` (RFC 4291 §2.5.5.2), as clients of a socket of both families
    /// have; any other as it is.
    var unmapped: SocketAddress {
        guard case .ipv6(0, let low, let port, _) = self, low >> 32 == 0xFFFF else { return self }
        return .ipv4(address: UInt32(truncatingIfNeeded: low), port: port)
    }

    /// Throws if the address has no C form: a path that is too long would lead to another file.
    func check(in call: StaticCallName) throws(SystemError) {
        guard case .unix(let path) = self else { return }
        guard path.utf8.count <= Self.maxPathBytes else { throw SystemError(ENAMETOOLONG, in: call) }
        guard !path.utf8.contains(0) else { throw SystemError(EINVAL, in: call) }
    }

    /// The address family for `socket`.
    var family: Int32 {
        switch self {
        case .ipv4: AF_INET
        case .ipv6: AF_INET6
        case .unix: AF_UNIX
        }
    }
}

// MARK: - Text

extension SocketAddress: CustomStringConvertible {
    /// `127.0.0.1:80`, `[::1]:80` or `unix:/run/a.sock`.
    public var description: String {
        switch self {
        case .ipv4(_, let port): "\(host):\(port)"
        case .ipv6(_, _, let port, _): "[\(host)]:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// The address without port or brackets: `127.0.0.1`, `::1`; `unix` for paths.
    public var host: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        switch self {
        case .ipv4(let address, _):
            var raw = in_addr(s_addr: address.bigEndian)
            return inet_ntop(AF_INET, &raw, &text, socklen_t(text.count)).map { String(cString: $0) } ?? "?"
        case .ipv6(let high, let low, _, _):
            var raw = (high.bigEndian, low.bigEndian)
            return inet_ntop(AF_INET6, &raw, &text, socklen_t(text.count)).map { String(cString: $0) } ?? "?"
        case .unix:
            return "unix"
        }
    }
}

// MARK: - The C form

extension SocketAddress {
    /// Lends the C form for the duration of `body`.
    func withSockaddr<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        var storage = sockaddr_storage()
        let size = withUnsafeMutableBytes(of: &storage) { encode(into: $0) }
        return withUnsafePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(size)) }
        }
    }

    private func encode(into bytes: UnsafeMutableRawBufferPointer) -> Int {
        switch self {
        case .ipv4(let address, let port):
            var form = sockaddr_in()
            form.sin_family = sa_family_t(AF_INET)
            form.sin_port = port.bigEndian
            form.sin_addr.s_addr = address.bigEndian
            bytes.storeBytes(of: form, as: sockaddr_in.self)
            return MemoryLayout<sockaddr_in>.size
        case .ipv6(let high, let low, let port, let scope):
            var form = sockaddr_in6()
            form.sin6_family = sa_family_t(AF_INET6)
            form.sin6_port = port.bigEndian
            form.sin6_scope_id = scope
            withUnsafeMutableBytes(of: &form.sin6_addr) {
                $0.storeBytes(of: high.bigEndian, as: UInt64.self)
                $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            bytes.storeBytes(of: form, as: sockaddr_in6.self)
            return MemoryLayout<sockaddr_in6>.size
        case .unix(let path):
            bytes.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
            let name = Array(path.utf8.prefix(Self.maxPathBytes))
            bytes[2..<(2 + name.count)].copyBytes(from: name)
            return 2 + name.count + 1
        }
    }

    /// The address that a socket is bound to (`getsockname`).
    package static func local(of descriptor: Int32) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { form in
                getsockname(descriptor, form, &length) == 0 ? SocketAddress(form, length: Int(length)) : nil
            }
        }
    }

    /// Reads the C form, a `sockaddr` that another library has filled in; nil for families that Relevo does not speak.
    package init?(form: UnsafeRawPointer, length: Int) {
        self.init(form.assumingMemoryBound(to: sockaddr.self), length: length)
    }

    /// Reads the C form; nil for families that Relevo does not speak.
    init?(_ address: UnsafePointer<sockaddr>, length: Int) {
        let bytes = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
            let form = bytes.loadUnaligned(as: sockaddr_in.self)
            self = .ipv4(address: UInt32(bigEndian: form.sin_addr.s_addr), port: UInt16(bigEndian: form.sin_port))
        case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
            let form = bytes.loadUnaligned(as: sockaddr_in6.self)
            let high = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            let low = bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
            self = .ipv6(
                high: UInt64(bigEndian: high), low: UInt64(bigEndian: low),
                port: UInt16(bigEndian: form.sin6_port), scope: form.sin6_scope_id)
        case AF_UNIX:
            let name = UnsafeRawBufferPointer(start: bytes + 2, count: max(0, length - 2))
            self = .unix(path: String(decoding: name.prefix { $0 != 0 }, as: UTF8.self))
        default:
            return nil
        }
    }
}
