// Which certificates are for the name that a client asks for (SNI, RFC 6066 §3).
// Which of them it can use is OpenSSL's choice.

/// Places of certificates by name: the exact name first, then `*.` for one label, then the first certificate's.
struct ServerNames: Sendable {
    private var exact: [String: [Int]] = [:]
    /// By what follows the `*.`.
    private var wildcards: [String: [Int]] = [:]
    private var fallback: [Int] = []

    /// Takes the names of each certificate.
    init(_ names: [[String]]) {
        for (place, own) in names.enumerated() {
            for name in Set(own.map { Self.normal(Array($0.utf8)) }) {
                if name.hasPrefix("*.") {
                    wildcards[String(name.dropFirst(2)), default: []].append(place)
                } else {
                    exact[name, default: []].append(place)
                }
            }
        }
        guard let first = names.first else { return }
        // With another key for the same name, both are the default.
        fallback = first.first.map { find(Self.normal(Array($0.utf8))) } ?? [0]
        if !fallback.contains(0) { fallback = [0] }
    }

    /// The certificates for a name, at least one if there is any; nil is a client that names nobody.
    func select(_ name: UnsafeBufferPointer<UInt8>?) -> [Int] {
        guard let name, !name.isEmpty else { return fallback }
        let found = find(Self.normal(Array(name)))
        return found.isEmpty ? fallback : found
    }

    private func find(_ name: String) -> [Int] {
        if let found = exact[name] { return found }
        if name.hasPrefix("*."), let found = wildcards[String(name.dropFirst(2))] { return found }
        guard let dot = name.utf8.firstIndex(of: UInt8(ascii: ".")), dot > name.startIndex else { return [] }
        return wildcards[String(name[name.utf8.index(after: dot)...])] ?? []
    }

    /// In lower case and without the dot at its end, which some clients send.
    private static func normal(_ name: [UInt8]) -> String {
        Certificate.lowercased(name.last == UInt8(ascii: ".") ? Array(name.dropLast()) : name)
    }
}
