// Adding and removing fields, for hooks and for configured fields: text from outside the message.
// Not for fields that the proxy itself writes, which HeadSerializer appends to its output.

extension HeaderFields {
    /// True if the text may become a field line: the name a token, the value without control bytes and outer blanks.
    package static func isValid(name: String, value: String) -> Bool {
        isValid(name: name) && isValid(value: value)
    }

    private static func isValid(name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { ASCII.isToken($0) }
    }

    private static func isValid(value: String) -> Bool {
        guard let first = value.utf8.first, let last = value.utf8.last else { return true }
        return !ASCII.isBlank(first) && !ASCII.isBlank(last) && value.utf8.allSatisfy { ASCII.isFieldContent($0) }
    }

    /// Appends a line `name: value`.
    ///
    /// Throws `HTTPFieldError` for text that could not be told apart from a second line or a different field; then
    /// nothing is changed. Framing and connection fields appended here are not sent: the proxy writes its own.
    package mutating func append(name: String, value: String) throws(HTTPFieldError) {
        guard Self.isValid(name: name) else { throw .invalidName }
        guard Self.isValid(value: value), value.utf8.count < 1 << 24, bytes.count < 1 << 30 else { throw .invalidValue }
        let nameStart = bytes.count
        bytes.append(contentsOf: name.utf8)
        let nameEnd = bytes.count
        bytes.append(contentsOf: ": ".utf8)
        let valueStart = bytes.count
        bytes.append(contentsOf: value.utf8)
        let valueEnd = bytes.count
        bytes.append(contentsOf: "\r\n".utf8)
        let known = KnownField(name: bytes[nameStart..<nameEnd])
        let range = valueStart..<valueEnd
        add(FieldLine(name: nameStart..<nameEnd, value: range, end: bytes.count, known: known))
    }

    /// Marks every line of a field as removed.
    package mutating func remove(_ known: KnownField) {
        guard mayContain(known) else { return }
        for index in lines.indices where lines[index].known == known { markRemoved(at: index) }
    }

    /// Marks every line with this name, in any case, as removed.
    package mutating func remove(named name: String) {
        let lowercase = name.lowercased()
        for index in lines.indices where ASCII.matches(bytes.span, lines[index].name, lowercase: lowercase) {
            markRemoved(at: index)
        }
    }
}
