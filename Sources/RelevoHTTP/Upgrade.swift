// Whether a switch of protocols is one that was asked for (RFC 9110 §7.8, §15.2.2).
// Which offers may pass at all is the matter of HopByHop.

extension ResponseHead {
    /// Whether this 101 names protocols, and only such as the request offered and the proxy let pass.
    package func switches(as request: borrowing RequestHead) -> Bool {
        guard version == .http11, connectionOptions.contains(.upgrade) else { return false }
        guard HopByHop.hasPassableUpgrade(fields) else { return false }
        let span = fields.bytes.span
        for line in fields.lines where line.known == .upgrade && !line.removed {
            guard HopByHop.isPassableUpgrade(line, fields) else { return false }
            var elements = ListElements(line.value)
            while let element = elements.next(in: span) {
                guard element.isEmpty || request.offers(Self.protocolName(span, element), of: span) else {
                    return false
                }
            }
        }
        return true
    }

    /// A protocol without its version.
    fileprivate static func protocolName(_ span: borrowing Span<UInt8>, _ element: Range<Int>) -> Range<Int> {
        var end = element.lowerBound
        while end < element.upperBound, span[end] != ASCII.slash { end += 1 }
        return element.lowerBound..<end
    }
}

extension RequestHead {
    /// Whether Upgrade offers the protocol whose name stands at a range of another head's bytes, in any case.
    fileprivate func offers(_ name: Range<Int>, of other: borrowing Span<UInt8>) -> Bool {
        let span = fields.bytes.span
        for line in fields.lines where line.known == .upgrade && !line.removed {
            guard HopByHop.isPassableUpgrade(line, fields) else { continue }
            var elements = ListElements(line.value)
            while let element = elements.next(in: span) {
                let own = ResponseHead.protocolName(span, element)
                guard own.count == name.count else { continue }
                if zip(own, name).allSatisfy({ ASCII.lower(span[$0]) == ASCII.lower(other[$1]) }) { return true }
            }
        }
        return false
    }
}
