// The values of sticky cookies: which endpoint a value stands for, and which value an endpoint gets.
// When a request follows its cookie is decided in Balancing/.

import CLibeventTLS
import RelevoHTTP
import RelevoPolicy

/// The cookie values of a cluster's endpoints.
///
/// A value is the authentication code of the endpoint's text: clients cannot make one up, and it tells nothing about
/// the endpoint. It stays the same for as long as secret and endpoint do.
struct StickyTokens: Sendable {
    /// The cookie.
    let cookie: StickyCookie
    /// By position; empty where no code could be made.
    private let values: [[UInt8]]

    /// The values for a way of balancing; nil if that wants no cookie. `fallback` is the secret of this process.
    init?(_ balance: BalanceMethod, _ endpoints: [Endpoint], fallback: [UInt8]) {
        guard case .sticky(let cookie) = balance else { return nil }
        self.cookie = cookie
        let secret = cookie.secret.map { Array($0.utf8) } ?? fallback
        values = endpoints.map { endpoint in
            let code = MessageAuthentication.sha256(Array(endpoint.text.utf8), key: secret) ?? []
            return code.prefix(16).flatMap { [Self.digit($0 >> 4), Self.digit($0 & 15)] }
        }
    }

    /// The position that a request's cookie names; nil if it has none, or names none of these endpoints.
    func position(in fields: borrowing HeaderFields) -> Int? {
        guard let value = BalanceKey.cookie(cookie.name, fields), !value.isEmpty else { return nil }
        return values.firstIndex { $0.elementsEqual(value) }
    }

    /// The line that gives a client the cookie of an endpoint; empty if there is none. What is given over TLS comes
    /// back over TLS only.
    func line(for position: Int, isSecure: Bool) -> [UInt8] {
        guard values.indices.contains(position), !values[position].isEmpty else { return [] }
        var line = Array("Set-Cookie: \(cookie.name)=".utf8) + values[position]
        line += Array("; Path=/; HttpOnly; SameSite=Lax".utf8)
        if isSecure { line += Array("; Secure".utf8) }
        if let lifetime = cookie.lifetime { line += Array("; Max-Age=\(lifetime.components.seconds)".utf8) }
        return line + HeadText.lineEnd
    }

    private static func digit(_ number: UInt8) -> UInt8 { number < 10 ? 0x30 + number : 0x57 + number }
}
