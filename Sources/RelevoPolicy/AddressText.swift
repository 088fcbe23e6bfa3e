// The texts in which addresses are written in configurations.
// Resolving names is not done here.

import RelevoHTTP

/// Reads the addresses of listeners and endpoints.
package enum AddressText {
    /// Why a text is no address; the second part is the cure.
    package struct Failure: Error, Sendable, Hashable {
        /// What is wrong with it.
        package var message: String
        /// What to write instead.
        package var suggestion: String?
    }

    /// The longest path of a unix socket that the system takes, in bytes.
    package static let maxUnixPathBytes = 107

    /// Reads `0.0.0.0:80`, `[::]:80` or `unix:/path`.
    ///
    /// `role` is what messages call it.
    package static func listener(_ text: String, role: String = "listener") throws(Failure) -> ListenerAddress {
        if let path = try unixPath(text) { return .unix(path) }
        let (host, port) = try split(text, usualPort: 8080)
        guard let port else {
            throw Failure(message: "\(role) `\(text)` has no port", suggestion: "write `\(text):8080`")
        }
        if host.isEmpty || host == "*" {
            throw Failure(message: "\(role) `\(text)` has no address", suggestion: "write `0.0.0.0:\(port)`")
        }
        guard isLiteral(host) else {
            let cure = host == "localhost" ? "write `127.0.0.1:\(port)`" : "write an address, such as `0.0.0.0:\(port)`"
            throw Failure(message: "\(role) `\(text)` has a name where an address belongs", suggestion: cure)
        }
        // The same address is the same listener, however it is spelled.
        return .literal(IPAddress(host)?.description ?? host, port: port)
    }

    /// What the address of an endpoint that is spoken to by TLS begins with.
    package static let secureScheme = "https://"
    private static let plainScheme = "http://"

    /// Whether the text says that the endpoint is spoken to by TLS.
    package static func isSecure(_ text: String) -> Bool { hasScheme(text, secureScheme) }

    /// Schemes are the same in any case (RFC 3986 §3.1).
    private static func hasScheme(_ text: String, _ scheme: String) -> Bool {
        text.prefix(scheme.count).lowercased() == scheme
    }

    /// Reads `host`, `host:port`, `[::1]:80`, `http://host:port`, `https://host:port`, `srv:_http._tcp.host` or
    /// `unix:/path`; port 80 when absent, with TLS 443. `tls` says that it is spoken to by TLS whatever the text says.
    package static func endpoint(_ text: String, tls: Bool = false) throws(Failure) -> EndpointAddress {
        if let path = try unixPath(text) { return .unix(path) }
        if text.hasPrefix("srv:") { return .service(try service(String(text.dropFirst(4)))) }
        let scheme = [plainScheme, secureScheme].first { hasScheme(text, $0) }
        if tls, scheme == plainScheme {
            throw Failure(message: "endpoint `\(text)` is without TLS and with it", suggestion: "write `https://`")
        }
        let address = String(text.dropFirst(scheme?.count ?? 0))
        if let slash = address.firstIndex(of: "/") {
            throw Failure(message: "endpoint `\(text)` has a path", suggestion: cure(of: address[..<slash], scheme))
        }
        let usualPort = tls || scheme == secureScheme ? 443 : 80
        let (host, port) = try split(address, usualPort: usualPort)
        if port == 0 { throw Failure(message: "endpoint `\(text)` has port 0", suggestion: "ports are 1 to 65535") }
        if isLiteral(host) { return .literal(host, port: port ?? usualPort) }
        guard isName(host) else {
            throw Failure(message: "endpoint `\(text)` is neither an address nor a name of a host", suggestion: nil)
        }
        return .name(host, port: port ?? usualPort)
    }

    private static func cure(of address: Substring, _ scheme: String?) -> String {
        address.isEmpty || address.hasSuffix(":")
            ? "an endpoint is `host` or `host:port`" : "write `\(scheme ?? "")\(address)`"
    }

    private static func service(_ name: String) throws(Failure) -> String {
        if let colon = name.firstIndex(of: ":") {
            throw Failure(
                message: "`srv:\(name)` has a port",
                suggestion: "SRV records name the ports: write `srv:\(name[..<colon])`")
        }
        guard isName(name) else {
            throw Failure(
                message: "`srv:\(name)` has no name of a service",
                suggestion: "for example `srv:_http._tcp.api.internal`")
        }
        return name
    }

    /// Reads the address of a nameserver: `127.0.0.1`, `127.0.0.1:53` or `[::1]:53`; port 53 when absent.
    package static func nameserver(_ text: String) throws(Failure) -> (host: String, port: Int) {
        if isLiteral(text) { return (text, 53) }
        let (host, port) = text.contains("/") ? ("", nil) : try split(text, usualPort: 53)
        if port == 0 { throw Failure(message: "nameserver `\(text)` has port 0", suggestion: "the usual port is 53") }
        guard isLiteral(host) else {
            throw Failure(
                message: "nameserver `\(text)` is no IP address", suggestion: "write an address, such as `127.0.0.1:53`"
            )
        }
        return (host, port ?? 53)
    }

    /// Whether a text is an IPv4 or IPv6 address without brackets.
    package static func isLiteral(_ host: String) -> Bool { IPAddress(host) != nil }

    /// Whether a text can be the name of a host: letters, digits, `-`, `_`; labels of 1 to 63, 253 in all.
    package static func isName(_ host: String) -> Bool {
        let bytes = Array(host.utf8)
        guard !bytes.isEmpty, bytes.count <= 253 else { return false }
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let areLabels = labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy(isNameByte)
        }
        // An all-digit last label would be a mistyped IPv4 address, not a name.
        return areLabels && !(labels.last?.allSatisfy { (0x30...0x39).contains($0) } ?? true)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    private static func unixPath(_ text: String) throws(Failure) -> String? {
        guard text.hasPrefix("unix:") else { return nil }
        let path = String(text.dropFirst(5))
        guard path.hasPrefix("/"), path.utf8.count <= maxUnixPathBytes, !path.utf8.contains(0) else {
            throw Failure(
                message: "`\(text)` is no path of a socket",
                suggestion: "write `unix:` and an absolute path of at most \(maxUnixPathBytes) bytes")
        }
        return path
    }

    /// Splits host and port; brackets are removed. `usualPort` is for suggestions.
    private static func split(_ text: String, usualPort: Int) throws(Failure) -> (host: String, port: Int?) {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else {
                throw Failure(message: "`\(text)` lacks the closing bracket", suggestion: nil)
            }
            let host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else {
                throw Failure(message: "`\(text)` has something other than a port after `]`", suggestion: nil)
            }
            return (host, rest.isEmpty ? nil : try port(rest.dropFirst(), in: text))
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count > 2 {
            throw Failure(
                message: "`\(text)` has several colons", suggestion: bracketed(text, usualPort: usualPort))
        }
        return (String(parts[0]), parts.count == 2 ? try port(parts[1], in: text) : nil)
    }

    /// What may have been meant by an IPv6 address without brackets: `::1:80` is an address, or one with a port. In
    /// quotes, because a bracket begins a list in configuration files.
    private static func bracketed(_ text: String, usualPort: Int) -> String? {
        let whole = isLiteral(text) ? "`\"[\(text)]:\(usualPort)\"`" : nil
        var parted: String?
        if let colon = text.lastIndex(of: ":"), isLiteral(String(text[..<colon])),
            let port = try? port(text[text.index(after: colon)...], in: text)
        {
            parted = "`\"[\(text[..<colon])]:\(port)\"`"
        }
        let choices = [whole, parted].compactMap(\.self)
        return choices.isEmpty ? nil : "write IPv6 addresses in brackets: " + choices.joined(separator: " or ")
    }

    private static func port(_ digits: Substring, in text: String) throws(Failure) -> Int {
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(digits), port <= 65_535
        else {
            throw Failure(message: "`\(text)` has no valid port", suggestion: "ports are 1 to 65535")
        }
        return port
    }
}
