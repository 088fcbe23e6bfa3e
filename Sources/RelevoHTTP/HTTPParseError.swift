// Every way in which bytes fail to be HTTP/1.1, one case each, with a bounded name for logs and metrics.
// Not for failures of connections or of routing: those are faults of the proxy.

/// What is wrong with a message. A parser stops at the first error that the bytes prove.
package enum HTTPParseError: String, Error, Sendable, Hashable, CaseIterable {
    case bareLF = "bare LF"  // tidy: HTTPParseError+Text has a sentence for each case
    case bareCR = "bare CR"
    case nul = "NUL"
    case obsFold = "folded line"
    case spaceBeforeColon = "space before colon"
    case badFieldName = "bad field name"
    case emptyFieldName = "empty field name"
    case badFieldValue = "bad field value"
    case headTooLarge = "head too large"
    case targetTooLong = "target too long"
    case tooManyFields = "too many fields"
    case incompleteHead = "incomplete head"
    case badRequestLine = "bad request line"
    case badMethod = "bad method"
    case badTarget = "bad target"
    case badVersion = "bad version"
    case unsupportedVersion = "unsupported version"
    case missingHost = "missing Host"
    case duplicateHost = "duplicate Host"
    case badHost = "bad Host"
    case badStatusLine = "bad status line"
    case badStatus = "bad status"
    case lengthWithTransferEncoding = "length with transfer coding"
    case badContentLength = "bad Content-Length"
    case differingContentLengths = "differing Content-Length"
    case unknownTransferCoding = "unknown transfer coding"
    case badTransferEncoding = "bad Transfer-Encoding"
    case transferEncodingInHTTP10 = "Transfer-Encoding in HTTP/1.0"
    case bodyWithTrace = "TRACE with content"
    case badChunkSize = "bad chunk size"
    case chunkSizeOverflow = "chunk size overflow"
    case badChunkExtension = "bad chunk extension"
    case chunkHeaderTooLong = "chunk header too long"
    case badChunkEnd = "bad chunk end"
    case trailersTooLarge = "trailers too large"
    case badTrailer = "bad trailer"

    /// A short fixed name for logs and metrics.
    package var name: String { rawValue }

    /// The class of an error, which decides the status of the answer.
    package enum Kind: Sendable, Hashable {
        /// Each class has the status below.
        case malformed, unsupportedVersion, unsupportedCoding, headTooLarge, targetTooLong

        /// The status for a client whose request has an error of this class (RFC 9110 §15.5, §15.6; RFC 6585 §5).
        package var status: Int {
            switch self {
            case .malformed: 400
            case .unsupportedVersion: 505
            case .unsupportedCoding: 501
            case .headTooLarge: 431
            case .targetTooLong: 414
            }
        }
    }

    /// The class that the error belongs to.
    package var kind: Kind {
        switch self {
        case .unsupportedVersion: .unsupportedVersion
        case .unknownTransferCoding: .unsupportedCoding
        case .headTooLarge, .tooManyFields: .headTooLarge
        case .targetTooLong: .targetTooLong
        case .bareLF, .bareCR, .nul, .obsFold, .spaceBeforeColon, .badFieldName, .emptyFieldName,
            .badFieldValue, .badRequestLine, .badMethod, .badTarget, .badVersion, .missingHost,
            .duplicateHost, .badHost, .lengthWithTransferEncoding, .badContentLength,
            .differingContentLengths, .badTransferEncoding, .transferEncodingInHTTP10, .bodyWithTrace,
            .incompleteHead, .badStatusLine, .badStatus, .badChunkSize, .chunkSizeOverflow,
            .badChunkExtension, .chunkHeaderTooLong, .badChunkEnd, .trailersTooLarge, .badTrailer:
            .malformed
        }
    }

    /// The error for a byte that stands where it must not: line ends and NUL have errors of their own.
    @inline(never)
    static func stray(_ byte: UInt8, otherwise error: HTTPParseError) -> HTTPParseError {
        switch byte {
        case 0x00: .nul
        case ASCII.lineFeed: .bareLF
        case ASCII.carriageReturn: .bareCR
        default: error
        }
    }
}
