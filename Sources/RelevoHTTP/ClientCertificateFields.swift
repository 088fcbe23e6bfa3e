// The fields in which endpoints are told of a client's certificate: their names, which nobody else may use, and the
// form of what stands in them. Whether a listener asks for certificates is not known here.

/// A field about the certificate of a client.
package enum ClientCertificateField: String, Sendable, CaseIterable {
    /// `success`, or `none` if the client has shown none.
    case verify = "X-Client-Cert-Verify"
    /// The subject (RFC 4514).
    case subject = "X-Client-Cert-Subject"
    /// The issuer, in the same form.
    case issuer = "X-Client-Cert-Issuer"
    /// The SHA-256 code of the certificate in lower-case hexadecimal digits.
    case fingerprint = "X-Client-Cert-Fingerprint"
    /// The certificate itself (RFC 9440 §2.2).
    case whole = "Client-Cert"

    /// Bytes of a value at most: a name that is longer is not sent at all, as half of it may be somebody else's.
    package static let longestName = 4096
    /// Bytes of a whole certificate's value at most.
    package static let longestWhole = 16 * 1024

    /// A distinguished name as the value of a field, in ASCII: bytes above it, and blanks at the end, are written as
    /// pairs of digits (RFC 4514 §2.4), so that the text means the same as before. Nil for one that is too long.
    package static func value(name: String) -> String? {
        let digits = Array("0123456789ABCDEF".utf8)
        let text = Array(name.utf8)
        var bytes: [UInt8] = []
        for (index, byte) in text.enumerated() {
            let isLastBlank = index == text.count - 1 && byte == ASCII.space
            // An escaped blank: its backslash is there already.
            if isLastBlank, bytes.last == backslash { bytes.removeLast() }
            if byte > 0x20 && byte < 0x7F || byte == ASCII.space && !isLastBlank {
                bytes.append(byte)
            } else {
                bytes += [backslash, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return bytes.isEmpty || bytes.count > longestName ? nil : String(decoding: bytes, as: UTF8.self)
    }

    private static let backslash: UInt8 = 0x5C

    /// Whether a name is one of these, or may be taken for one: in any case, whatever is no letter and no digit
    /// counting as a hyphen, as it may for all that descends from CGI (RFC 3875 §4.1.18), and whatever begins alike.
    package static func isMeant(by span: borrowing Span<UInt8>, _ name: Range<Int>) -> Bool {
        guard name.count >= 11 else { return false }
        switch ASCII.lower(span[name.lowerBound]) {
        case 0x63: return begins(span, name, with: "client-cert")
        case 0x78: return begins(span, name, with: "x-client-cert")
        default: return false
        }
    }

    private static func begins(_ span: borrowing Span<UInt8>, _ name: Range<Int>, with prefix: String) -> Bool {
        guard name.count >= prefix.utf8.count else { return false }
        var index = name.lowerBound
        for byte in prefix.utf8 {
            let found = ASCII.lower(span[index])
            guard found == byte || byte == hyphen && !ASCII.isLetter(found) && !ASCII.isDigit(found) else {
                return false
            }
            index += 1
        }
        return true
    }

    private static let hyphen: UInt8 = 0x2D

    /// The same for a name as text.
    package static func isMeant(by name: String) -> Bool {
        let bytes = Array(name.utf8)
        return isMeant(by: bytes.span, bytes.indices)
    }
}

extension HeaderFields {
    /// Marks every line as removed that speaks of a client's certificate.
    package mutating func removeClientCertificate() {
        for index in lines.indices where lines[index].known == .other {
            if ClientCertificateField.isMeant(by: bytes.span, lines[index].name) { markRemoved(at: index) }
        }
    }

    /// Marks every line with this name, given in lower case, as removed. Makes no string.
    package mutating func remove(lowercase name: String) {
        for index in lines.indices where ASCII.matches(bytes.span, lines[index].name, lowercase: name) {
            markRemoved(at: index)
        }
    }
}
