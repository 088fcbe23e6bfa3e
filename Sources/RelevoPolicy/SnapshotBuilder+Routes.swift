// What a route may say: paths, methods and answers that can be meant. A route that could never take a request is
// refused, not mended: what it was to keep out would pass.
// Where its requests go is checked in SnapshotBuilder+Domains.

import RelevoHTTP

extension SnapshotBuilder {
    /// Reports a path that no request could match, with the form that was probably meant.
    mutating func checkPath(_ path: String, at location: SourceLocation?) {
        guard path.hasPrefix("/") else {
            report("path `\(path)` does not begin with `/`", "write `\(Self.normalForm(of: "/" + path))`", at: location)
            return
        }
        if let mark = path.firstIndex(where: { $0 == "?" || $0 == "#" }) {
            let part = path[mark] == "?" ? "a query" : "a fragment"
            let encoded = path[mark] == "?" ? "%3F" : "%23"
            let rest = Self.normalForm(of: String(path[..<mark]))
            report(
                "path `\(path)` has \(part)",
                "routes look at the path only: write `\(rest)`, or `\(encoded)` for the character itself",
                at: location)
            return
        }
        let normal = Self.normalForm(of: path)
        if let character = path.first(where: { !$0.utf8.allSatisfy(Self.isPathByte) }) {
            report(
                "path `\(path)` has \(Self.name(of: character)), which no request has in its path",
                "write it percent-encoded: `\(normal)`", at: location)
        } else if normal != path {
            report(
                "path `\(path)` would never take a request: paths are compared in their normal form",
                "write `\(normal)`", at: location)
        }
    }

    /// Visible ASCII: what the parser of requests lets pass.
    private static func isPathByte(_ byte: UInt8) -> Bool { (0x21...0x7E).contains(byte) }

    /// The path as requests for it are compared, with everything encoded that a request has to encode.
    private static func normalForm(of path: String) -> String {
        var bytes: [UInt8] = []
        for byte in path.utf8 {
            if isPathByte(byte) { bytes.append(byte) } else { NormalPath.appendEncoded(byte, to: &bytes) }
        }
        return String(decoding: NormalPath(bytes[...]).bytes, as: UTF8.self)
    }

    private static func name(of character: Character) -> String {
        guard character != " " else { return "a space" }
        guard let byte = character.asciiValue ?? character.utf8.first, byte < 0x20 || byte == 0x7F else {
            return "`\(character)`"
        }
        return "a control character"
    }

    /// Reports what is no method, and methods that are written as nobody sends them (RFC 9110 §9.1).
    mutating func checkMethod(_ method: String, at location: SourceLocation?) {
        let upper = method.uppercased()
        if upper == "ANY" || method == "*" {
            report("`\(method)` is no method", "leave `methods` out to take all of them", at: location)
        } else if method.isEmpty || !method.utf8.allSatisfy(ASCII.isToken) {
            report("`\(method)` is no method", "write `GET`, `POST`, …", at: location)
        } else if method != upper, Method.allCases.contains(where: { $0.name == upper }) {
            report(
                "no request has the method `\(method)`", "methods are case-sensitive; write `\(upper)`", at: location)
        }
    }

    /// Reports content for a status that has none: it would not be sent, or be taken for the next answer.
    mutating func checkContent(_ status: Int, _ body: String, at location: SourceLocation?) {
        guard !body.isEmpty else { return }
        let section: String
        switch status {
        case 204: section = "§15.3.5"
        case 205: section = "§15.3.6"
        case 304: section = "§15.4.5"
        default: return
        }
        report(
            "an answer of status \(status) has no content (RFC 9110 \(section))",
            "remove the body, or answer with another status", at: location)
    }
}
