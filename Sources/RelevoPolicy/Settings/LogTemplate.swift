// A form of access log lines that the operator has written: text with the names of fields in braces.
// What the fields are: docs/access-log.md; filling them in: RelevoProxy/Observe/TemplateLine.

import RelevoHTTP

/// Why a text is no template.
public struct LogTemplateError: Error, Sendable, Hashable, CustomStringConvertible {
    /// In words.
    public let description: String
    /// What to write instead.
    public let suggestion: String?
}

/// The form of a line: `{client} "{method} {target}" {status} {duration_ms} "{header:user-agent}"`.
public struct LogTemplate: Sendable, Hashable, CustomStringConvertible {
    /// A part of a line.
    package enum Piece: Sendable, Hashable {
        /// As it is written.
        case text([UInt8])
        /// The value that the JSON form has under this key.
        case field([UInt8])
        /// The first field of the request's head with this name, in lower case.
        case header(String)
    }

    /// The keys of the JSON form.
    public static let fields = [
        "time", "request_id", "client", "peer", "relay", "domain", "host", "method", "target", "status",
        "bytes_received", "bytes_sent", "duration_ms", "head_ms", "connect_ms", "response_ms", "cluster", "endpoint",
        "attempts", "failed_attempts", "client_request", "upstream_reused", "code", "tls_version", "tls_cipher", "sni",
        "client_cert_subject", "client_cert_fingerprint", "trace_id", "detail",
    ]
    /// Bytes of a template at most.
    public static let maxBytes = 4096

    /// As it was written.
    public let description: String
    /// Its parts in their order.
    package let pieces: [Piece]

    /// Reads a template. Braces that are meant as such are written twice.
    public init(_ text: String) throws(LogTemplateError) {
        guard text.utf8.count <= Self.maxBytes else {
            throw LogTemplateError(description: "it has more than \(Self.maxBytes) bytes", suggestion: nil)
        }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            throw LogTemplateError(
                description: "it has a character that would break lines", suggestion: "a line ends by itself")
        }
        var reader = LogTemplateReader(text)
        pieces = try reader.pieces()
        description = text
    }
}

/// Parts a template into its pieces.
private struct LogTemplateReader {
    private let bytes: [UInt8]
    private var place = 0
    private var found: [LogTemplate.Piece] = []
    private var plain: [UInt8] = []

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func pieces() throws(LogTemplateError) -> [LogTemplate.Piece] {
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            let isDouble = place < bytes.count && bytes[place] == byte
            switch byte {
            case 0x7B where !isDouble: try name()
            case 0x7D where !isDouble:
                throw LogTemplateError(description: "a `}` has no `{` before it", suggestion: "`}}` is a brace")
            case 0x7B, 0x7D:
                place += 1
                plain.append(byte)
            default: plain.append(byte)
            }
        }
        endText()
        guard found.contains(where: { if case .text = $0 { false } else { true } }) else {
            throw LogTemplateError(description: "it names no field", suggestion: "for example `{client} {status}`")
        }
        return found
    }

    private mutating func endText() {
        if !plain.isEmpty { found.append(.text(plain)) }
        plain = []
    }

    private mutating func name() throws(LogTemplateError) {
        guard let end = bytes[place...].firstIndex(of: 0x7D) else {
            throw LogTemplateError(description: "a `{` is not closed", suggestion: "`{{` is a brace")
        }
        let name = String(decoding: bytes[place..<end], as: UTF8.self)
        place = end + 1
        endText()
        if name.hasPrefix("header:") {
            let header = name.dropFirst("header:".count).lowercased()
            guard !header.isEmpty, header.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x3A }) else {
                throw LogTemplateError(
                    description: "`{\(name)}` names no header", suggestion: "for example `{header:user-agent}`")
            }
            guard header != KnownField.relevoExplain.name else {
                throw LogTemplateError(description: "`{\(name)}` would write a secret down", suggestion: nil)
            }
            found.append(.header(header))
            return
        }
        guard LogTemplate.fields.contains(name) else {
            throw LogTemplateError(
                description: "there is no field `\(name.prefix(40))`",
                suggestion: name.utf8.count <= 64 ? Spelling.suggestion(for: name, among: LogTemplate.fields) : nil)
        }
        found.append(.field(Array(name.utf8)))
    }
}
