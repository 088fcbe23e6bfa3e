// The classic mode: a head goes on as it came, byte for byte, with its Connection field set to close.
// Not for any other mode. Fields that Connection nominates stay: that is the contract of this mode.

extension HeadSerializer {
    /// Appends a request head with one `Connection: close` at the place of the first Connection line, or at the end.
    ///
    /// Three exceptions for safety: an offer of HTTP/2 or TLS does not pass (Upgrade, HTTP2-Settings), a Host that
    /// contradicts an absolute target is replaced by the host of the target (RFC 9112 §3.2.2), and a length that is
    /// said several times is said once (RFC 9110 §8.6).
    static func appendClassic(request head: borrowing RequestHead, to output: inout [UInt8]) {
        let fields = head.fields
        var writer = ClassicWriter(fields, head.framing)
        for line in fields.lines where !line.removed {
            switch line.known {
            case .upgrade where !HopByHop.isPassableUpgrade(line, fields): continue
            case .http2Settings: continue
            case .host where head.hostDiffers:
                writer.copier.flush(fields.bytes, to: &output)
                output.append(contentsOf: fields.bytes[line.name])
                appendLine(HeadText.colon, fields.bytes, head.authorityRange, to: &output)
            default: writer.append(line, fields.bytes, to: &output)
            }
        }
        writer.finish(fields.bytes, to: &output)
    }

    /// Appends a response head with one `Connection: close` at the place of the first Connection line, or at the end,
    /// and with what the configuration wants added.
    static func appendClassic(
        response head: borrowing ResponseHead, adding lines: [UInt8], to output: inout [UInt8]
    ) {
        let fields = head.fields
        var writer = ClassicWriter(fields, head.declaredFraming)
        for line in fields.lines where !line.removed { writer.append(line, fields.bytes, to: &output) }
        writer.finish(fields.bytes, adding: lines, to: &output)
    }
}

/// Copies lines, replaces Connection and a length that is said several times.
private struct ClassicWriter {
    var copier: RunCopier
    private var hasConnection = false
    private var ownLength: Int?
    private var hasLength = false

    init(_ fields: borrowing HeaderFields, _ framing: BodyFraming?) {
        copier = RunCopier(0..<fields.start)
        if case .length(let length)? = framing, !Self.saysLengthOnce(fields) { ownLength = length }
    }

    private static func saysLengthOnce(_ fields: borrowing HeaderFields) -> Bool {
        guard fields.count(of: .contentLength) == 1, let line = fields.first(.contentLength) else { return false }
        return !fields.slice(line.value).contains(ASCII.comma)
    }

    mutating func append(_ line: FieldLine, _ bytes: borrowing [UInt8], to output: inout [UInt8]) {
        switch line.known {
        case .connection:
            if !hasConnection { replace(line, by: HeadText.close[...], bytes, to: &output) }
            hasConnection = true
        case .contentLength:
            guard let ownLength else { fallthrough }
            if !hasLength { replace(line, by: Array(String(ownLength).utf8)[...], bytes, to: &output) }
            hasLength = true
        default: copier.keep(line.line, of: bytes, to: &output)
        }
    }

    private mutating func replace(
        _ line: FieldLine, by value: ArraySlice<UInt8>, _ bytes: borrowing [UInt8], to output: inout [UInt8]
    ) {
        copier.flush(bytes, to: &output)
        output.append(contentsOf: bytes[line.name])
        output.append(contentsOf: HeadText.colon)
        output.append(contentsOf: value)
        output.append(contentsOf: HeadText.lineEnd)
    }

    mutating func finish(_ bytes: borrowing [UInt8], adding lines: [UInt8] = [], to output: inout [UInt8]) {
        copier.flush(bytes, to: &output)
        if !hasConnection { output.append(contentsOf: HeadText.connectionClose) }
        if !lines.isEmpty { output.append(contentsOf: lines) }
        output.append(contentsOf: HeadText.lineEnd)
    }
}
