// Texts as YAML scalars that read back as the same text, variables not expanded. Not for messages: that is
// `quoted`.

/// Writing of YAML scalars.
enum YAMLText {
    /// A text as a scalar for any place in a block: bare if nothing in it means anything to YAML.
    static func block(_ text: String) -> String {
        isBare(text) ? text : quoted(text)
    }

    /// A list in brackets with one item.
    static func list(_ item: String) -> String { "[" + block(item) + "]" }

    /// Letters and digits with a few signs inside, nothing else.
    private static func isBare(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, first == "/" || isWord(first) else { return false }
        guard text.unicodeScalars.last != ":" else { return false }
        return text.unicodeScalars.allSatisfy { isWord($0) || ["/", ".", "-", "_", ":"].contains($0) }
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
    }

    /// A text in double quotes.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "$": result += "$$"
            case _ where scalar.shown != scalar:
                let digits = String(scalar.value, radix: 16)
                result += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
