// Makes text from a file fit to be shown in a message: short, on one line, without characters that would
// command a terminal. Not the writer of YAML: that is `YAMLText`.

extension String {
    /// This text between backticks, shortened to 60 characters.
    var quoted: String {
        let shown = unicodeScalars.prefix(60).map { $0.shown }
        let tail = unicodeScalars.count > 60 ? "…" : ""
        return "`" + String(String.UnicodeScalarView(shown)) + tail + "`"
    }

    /// This text between double quotes, as YAML wants it, between backticks.
    var quotedTwice: String { "\"\(self)\"".quoted }

    /// The text of some characters.
    init(scalars: some Sequence<Unicode.Scalar>) {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }
}

extension Unicode.Scalar {
    /// This character, or a stand-in if it would move the cursor, turn the direction of writing or be invisible.
    var shown: Unicode.Scalar {
        switch value {
        case 0x09: " "
        case 0..<0x20, 0x7F..<0xA0, 0x200B...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: "\u{FFFD}"
        default: self
        }
    }
}
