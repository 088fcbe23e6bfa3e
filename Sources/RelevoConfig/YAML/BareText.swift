// Finds, in a line of a file, texts that want quotes in YAML but have none. Guesses for messages only: nothing is
// decided by them.

/// Texts without quotes that YAML takes for something else.
enum BareText {
    /// An IPv6 address in brackets, with its port if it has one: `[::]:80`.
    static func bracketedAddress(in line: ArraySlice<Unicode.Scalar>) -> (text: String, column: Int)? {
        var previous: Unicode.Scalar = " "
        for index in line.indices {
            defer { previous = line[index] }
            if line[index] == "#", previous == " " { return nil }
            guard line[index] == "[", [" ", "[", "{", ","].contains(previous) else { continue }
            let inside = line[(index + 1)...].prefix { $0.properties.isASCIIHexDigit || $0 == ":" || $0 == "." }
            guard inside.endIndex < line.endIndex, line[inside.endIndex] == "]" else { continue }
            guard inside.filter({ $0 == ":" }).count >= 2 else { continue }
            let rest = line[(inside.endIndex + 1)...]
            let port = rest.dropFirst().prefix(while: { ("0"..."9").contains($0) })
            let text = "[" + String(scalars: inside) + "]"
            let tail = rest.first == ":" && !port.isEmpty ? ":" + String(scalars: port) : ""
            return (text + tail, index - line.startIndex + 1)
        }
        return nil
    }

    /// The column of a `${` without quotes behind an opening bracket or brace.
    static func reference(in line: ArraySlice<Unicode.Scalar>) -> Int? {
        var open = false
        var quote: Unicode.Scalar?
        for index in line.indices {
            let scalar = line[index]
            if let current = quote {
                if scalar == current { quote = nil }
                continue
            }
            if scalar == "\"" || scalar == "'" { quote = scalar }
            if scalar == "#", index > line.startIndex, line[index - 1] == " " { return nil }
            if open, scalar == "$", index + 1 < line.endIndex, line[index + 1] == "{" {
                return index - line.startIndex + 1
            }
            if scalar == "[" || scalar == "{" { open = true }
        }
        return nil
    }
}
