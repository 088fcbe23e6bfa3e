// What a header of the PROXY protocol says (https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt, cited here as
// PROXY): whose connection it is. Reading and writing are in ProxyHeader+Reading and ProxyHeader+Writing.
// No sockets: which peers are believed, and what is made of their word, is decided elsewhere.

/// The meaning of a header of either version.
package enum ProxyHeader: Sendable, Hashable {
    /// An end of a connection by TCP.
    package struct End: Sendable, Hashable {
        /// The address.
        package let address: IPAddress
        /// The port.
        package let port: UInt16

        /// Puts both together.
        package init(_ address: IPAddress, port: UInt16) {
            self.address = address
            self.port = port
        }
    }

    /// The connection is the sender's own, as that of a health check is.
    case local
    /// It is somebody's of whom there is no address by TCP: the socket's own addresses hold.
    case unknown
    /// It is that of a client, which has reached an address of the sender.
    case client(End, reached: End)

    /// Bytes that a header of either version may have. Version 2 could announce 65,551; what senders add to the
    /// addresses is some hundred bytes.
    package static let maxBytes = 4096

    /// Bytes of the longest line of version 1, CR and LF included (PROXY §2.1).
    static let maxLineBytes = 107

    /// The bytes with which version 2 begins (PROXY §2.2).
    static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]

    /// The bytes with which version 1 begins: `PROXY` and a space.
    static let word: [UInt8] = [0x50, 0x52, 0x4F, 0x58, 0x59, 0x20]
}

/// Why bytes are no header. Each is known from the first byte that proves it, however the bytes are cut.
package enum ProxyHeaderError: String, Error, Sendable, Hashable, CaseIterable {
    case missing = "what comes is no PROXY header"  // tidy: the text of each is its explanation
    case lineTooLong = "a line of version 1 has at most 107 bytes"
    case bareLineEnd = "CR and LF end a line of version 1 only together"
    case unknownProtocol = "version 1 knows TCP4, TCP6 and UNKNOWN"
    case malformedLine = "the addresses or ports of version 1 are malformed"
    case unknownVersion = "the version is neither 1 nor 2"
    case unknownCommand = "version 2 knows the commands LOCAL and PROXY"
    case unknownFamily = "version 2 knows no such family or transport"
    case tooShort = "the length of version 2 leaves no room for the addresses"
    case tooLong = "the header has more than 4096 bytes"

    /// A sentence without its full stop.
    package var explanation: String { rawValue }
}
