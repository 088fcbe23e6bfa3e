// One sentence for each parse error, for the person who reads the log or the answer page.
// Not for the answer page itself, which the error responder writes.

extension HTTPParseError {
    /// What the sender did, without any byte that it sent.
    package var explanation: String {
        switch self {
        case .bareLF: "A line ends with LF alone; lines end with CR LF."
        case .bareCR: "A CR is not followed by LF."
        case .nul: "The head contains a NUL byte."
        case .obsFold: "A line begins with white space; folded field lines are not accepted."
        case .spaceBeforeColon: "White space stands between a field name and its colon."
        case .badFieldName: "A field name contains a byte that is not a token character."
        case .emptyFieldName: "A field line begins with a colon."
        case .badFieldValue: "A field value contains a control byte."
        case .headTooLarge: "The head is larger than the limit."
        case .targetTooLong: "The request target is longer than the limit."
        case .tooManyFields: "The head has more fields than the limit allows."
        case .incompleteHead: "The bytes are not exactly one head with its empty line."
        case .badRequestLine: "The first line is not 'method SP target SP version'."
        case .badMethod: "The method is not a token."
        case .badTarget: "The request target is not valid for the method."
        case .badVersion: "The protocol version is malformed."
        case .unsupportedVersion: "Only HTTP/1.0 and HTTP/1.1 are spoken here."
        case .missingHost: "The request names no host."
        case .duplicateHost: "The request has more than one Host field."
        case .badHost: "The host or its port is malformed."
        case .badStatusLine: "The first line is not 'version SP status SP reason'."
        case .badStatus: "The status is not a number from 100 to 999."
        case .lengthWithTransferEncoding: "Content-Length and Transfer-Encoding stand side by side."
        case .badContentLength: "Content-Length is not a decimal number in range."
        case .differingContentLengths: "Several Content-Length values differ."
        case .unknownTransferCoding: "A transfer coding besides chunked is not supported."
        case .badTransferEncoding: "Transfer-Encoding is not exactly 'chunked'."
        case .transferEncodingInHTTP10: "HTTP/1.0 has no transfer codings."
        case .bodyWithTrace: "A TRACE request must not have content."
        case .badChunkSize: "A chunk size is not a hexadecimal number followed by CR LF."
        case .chunkSizeOverflow: "A chunk size is too large."
        case .badChunkExtension: "A chunk extension is malformed."
        case .chunkHeaderTooLong: "Chunk extensions are longer than the limit."
        case .badChunkEnd: "Chunk data is not followed by CR LF."
        case .trailersTooLarge: "The trailer section is larger than the limit."
        case .badTrailer: "A trailer field is malformed."
        }
    }
}
