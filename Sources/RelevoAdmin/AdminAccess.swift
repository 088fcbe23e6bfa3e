// Who may ask the admin listener for what.
// What can be asked for: AdminAPI.

import Foundation
import RelevoPolicy

/// What the admin listener asks of whoever wants to change something. A socket in the file system is only open to its
/// owner, so whoever reaches it may do everything. On a port everybody may look who reaches it, and who knows the token
/// may do everything.
struct AdminAccess: Sendable {
    private let isPort: Bool
    let token: [UInt8]?

    /// Bytes of a token at least.
    static let shortestToken = 16

    /// Reads the token.
    /// - Throws: what is wrong with its file.
    init(_ settings: AdminSettings) throws(AdminError) {
        isPort = !settings.address.hasPrefix("unix:")
        token = try settings.tokenFile.map { path throws(AdminError) in try Self.token(in: path) }
    }

    /// The token in a file, alone.
    static func token(in path: String) throws(AdminError) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw AdminError("the token file `\(path)` cannot be read")
        }
        let words = data.split { $0 <= 0x20 || $0 >= 0x7F }
        guard words.count == 1, words[0].count >= shortestToken, data.count <= 4096 else {
            throw AdminError("the token file `\(path)` wants one word of \(shortestToken) visible characters or more")
        }
        return Array(words[0])
    }

    /// What a request says of whoever sends it.
    struct Sender {
        /// Host without a port. On a port it has to be an address or `localhost`: a page in a browser whose name has
        /// been made to lead here must not read anything.
        var host: String
        /// Host as it was sent.
        var authority: String
        /// Origin: whose page in a browser asks; nil if none does.
        var origin: String?
        /// The value of Authorization.
        var credentials: ArraySlice<UInt8>?
    }

    /// Why a request is not carried out; nil if it is.
    func refusal(of request: AdminRequest, by sender: Sender) -> AdminResponse? {
        guard isPort else { return nil }
        let name = sender.host
        let isLiteral = name.utf8.allSatisfy { $0 == 0x2E || $0 &- 0x30 < 10 } || name.hasPrefix("[")
        guard name == "localhost" || isLiteral else {
            return AdminResponse(failure: 421, "ask by an address or `localhost`, not by the name `\(name)`")
        }
        if let origin = sender.origin, origin != "http://\(sender.authority)", origin != "https://\(sender.authority)" {
            return AdminResponse(failure: 403, "a page of another origin asks")
        }
        let isKnown = token.map { token in sender.credentials.map { Self.isBearer($0, of: token) } ?? false }
        guard request.isWriting, isKnown != true else { return nil }
        guard isKnown != nil else {
            return AdminResponse(failure: 403, "this port only shows: set `token_file` to allow changes")
        }
        var refusal = AdminResponse(failure: 401, "changes want `Authorization: Bearer TOKEN`")
        refusal.fields = ["WWW-Authenticate: Bearer"]
        return refusal
    }

    /// Compares in a time that does not depend on where two texts differ.
    private static func isBearer(_ credentials: ArraySlice<UInt8>, of token: [UInt8]) -> Bool {
        let scheme = Array("bearer ".utf8)
        guard credentials.count == scheme.count + token.count else { return false }
        var difference: UInt8 = 0
        for (found, wanted) in zip(credentials, scheme) { difference |= (found | 0x20) ^ (wanted | 0x20) }
        for (found, wanted) in zip(credentials.dropFirst(scheme.count), token) { difference |= found ^ wanted }
        return difference == 0
    }
}

/// Why there is no admin listener.
public struct AdminError: Error, Sendable, CustomStringConvertible {
    /// In words.
    public let description: String
    /// The status with which an admin listener refused; nil if none has answered.
    public let status: Int?

    /// Refuses something in words.
    public init(refusing words: String) { self.init(words) }

    init(_ words: String, status: Int? = nil) {
        description = words
        self.status = status
    }
}
