// The secrets of tickets, by which a client resumes with any worker that has them (RFC 5077, RFC 8446 §4.6.1).
// When they are changed is the owner's matter.

import COpenSSL
import Synchronization

/// Keys that tickets are encrypted with: a current one, and those before it that are still accepted. Any thread.
///
/// Contexts that share one object accept each other's tickets. Whoever has a key can read what was sent with its
/// tickets by TLS 1.2, so keys should be changed daily, ``rotate()``.
public final class TicketKeys: Sendable {
    /// One key: its name, its cipher's key, its authentication's key.
    struct Key: Sendable {
        let name: [UInt8]
        let cipher: [UInt8]
        let authentication: [UInt8]

        init(_ bytes: [UInt8]) {
            name = Array(bytes[0..<16])
            cipher = Array(bytes[16..<48])
            authentication = Array(bytes[48..<80])
        }
    }

    /// Bytes of a key: 16 of its name, 32 of AES-256, 32 of HMAC with SHA-256.
    public static var keySize: Int { 80 }

    /// Keys before the current one that are accepted.
    public static var previousAccepted: Int { 2 }

    /// The current one first.
    private let keys: Mutex<[Key]>

    /// Makes a first key by chance.
    public init() { keys = Mutex([Self.random()]) }

    /// Takes keys that several machines share, the current one first; nil unless each has ``keySize`` bytes.
    public init?(_ shared: [[UInt8]]) {
        guard !shared.isEmpty, shared.allSatisfy({ $0.count == Self.keySize }) else { return nil }
        keys = Mutex(shared.prefix(Self.previousAccepted + 1).map(Key.init))
    }

    /// Makes a new key current; the one that was is accepted for two more rotations.
    public func rotate() { add(Self.random()) }

    /// Makes a key that several machines share current; false unless it has ``keySize`` bytes.
    public func rotate(to shared: [UInt8]) -> Bool {
        guard shared.count == Self.keySize else { return false }
        add(Key(shared))
        return true
    }

    private func add(_ key: Key) {
        keys.withLock { keys in
            keys.insert(key, at: 0)
            if keys.count > Self.previousAccepted + 1 { keys.removeLast() }
        }
    }

    private static func random() -> Key {
        OpenSSLLibrary.prepare()
        var bytes = [UInt8](repeating: 0, count: keySize)
        // OpenSSL has no randomness only if the system has none: then no handshake succeeds either.
        precondition(RAND_bytes(&bytes, Int32(bytes.count)) == 1, "the system gives no random bytes")
        return Key(bytes)
    }

    /// All keys in the form in which machines share them, the current one first. Secret.
    public var shared: [[UInt8]] { keys.withLock { $0.map { $0.name + $0.cipher + $0.authentication } } }

    var current: Key { keys.withLock { $0[0] } }

    /// The key of that name, and whether it is the current one.
    func find(_ name: UnsafeBufferPointer<UInt8>) -> (key: Key, isCurrent: Bool)? {
        keys.withLock { keys in
            keys.firstIndex { $0.name.elementsEqual(name) }.map { (keys[$0], $0 == 0) }
        }
    }

    // MARK: OpenSSL's side

    nonisolated(unsafe) private static let cipher = EVP_CIPHER_fetch(nil, "AES-256-CBC", nil)

    /// Sealed for a new ticket: writes the key's name and a start value.
    func seal(
        _ name: UnsafeMutablePointer<UInt8>, _ start: UnsafeMutablePointer<UInt8>, _ encryption: OpaquePointer?,
        _ authentication: OpaquePointer?
    ) -> Int32 {
        let key = current
        name.update(from: key.name, count: 16)
        guard RAND_bytes(start, 16) == 1,
            EVP_EncryptInit_ex2(encryption, Self.cipher, key.cipher, start, nil) == 1,
            relevo_set_ticket_mac(authentication, key.authentication, key.authentication.count) == 1
        else { return -1 }
        return 1
    }

    /// Opens a ticket that has come: 0 for one of unknown keys, 2 for one that should be replaced.
    func open(
        _ name: UnsafeMutablePointer<UInt8>, _ start: UnsafeMutablePointer<UInt8>, _ encryption: OpaquePointer?,
        _ authentication: OpaquePointer?
    ) -> Int32 {
        guard let (key, isCurrent) = find(UnsafeBufferPointer(start: name, count: 16)) else { return 0 }
        guard EVP_DecryptInit_ex2(encryption, Self.cipher, key.cipher, start, nil) == 1,
            relevo_set_ticket_mac(authentication, key.authentication, key.authentication.count) == 1
        else { return -1 }
        return isCurrent ? 1 : 2
    }
}
