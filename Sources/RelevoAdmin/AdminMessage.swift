// What is asked of the admin listener, and what it answers.
// Reading bytes is AdminConnection's matter, answering AdminAPI's.

public import CLibevent
import Foundation

/// One request to the admin listener, whole.
public struct AdminRequest: Sendable {
    /// The method, in its exact spelling.
    public var method: String
    /// The path of the target, `/v1/status`.
    public var path: String
    /// What stands behind the `?`, each as `name=value`; empty without any.
    public var query: [String] = []
    /// The content; empty without any.
    public var body: [UInt8] = []
    /// What the connection is to become (RFC 9110 §7.8); empty if it is to stay what it is.
    public var upgrade = ""
    /// Which types of content are wanted (Accept); empty if anything is.
    public var accept = ""
    /// Whether it came by a path, where descriptors can pass.
    public var cameByPath = false

    /// Puts a request together.
    public init(method: String, path: String) {
        self.method = method
        self.path = path
    }

    /// Whether it could change something: then it needs the token, where there is one to be known.
    var isWriting: Bool { !["GET", "HEAD"].contains(method) }
}

/// A request to the admin listener that was not granted, as it came: who sent it is not to be trusted.
public struct AdminRefused: Sendable, Hashable {
    /// Where it came from.
    public var peer: String
    /// Method and path.
    public var request: String
    /// Its Host.
    public var host: String
    /// Whose page in a browser asked; nil if none did.
    public var origin: String?
    /// The status of the answer.
    public var status: Int
    /// How many there have been since the one before was told, this one included.
    public var count: Int
}

/// An answer of the admin listener.
public struct AdminResponse: Sendable {
    /// The status (RFC 9110 §15).
    public var status: Int
    /// `application/json`, say.
    public var type: String
    /// The content.
    public var body: [UInt8]
    /// Further lines of the head, without their ends.
    var fields: [String] = []
    /// Gets the connection when the head has been sent, which then is not HTTP any more. Called on the admin listener's
    /// thread; must not block.
    var successor: (@Sendable (DescriptorChannel) -> Void)?

    /// An answer that is a text for people, ended by a line feed.
    public init(status: Int, text: String) {
        self.status = status
        type = "text/plain; charset=utf-8"
        body = Array((text + "\n").utf8)
    }

    /// An answer of some type.
    init(status: Int, type: String, body: [UInt8]) {
        self.status = status
        self.type = type
        self.body = body
    }

    /// How a value for programs is written.
    public enum Form: Sendable {
        /// So that people can read it as well.
        case readable
        /// In as few bytes as possible, for what is asked for again and again.
        case compact
    }

    /// An answer that is a value for programs.
    public init(status: Int = 200, json value: some Encodable, _ form: Form = .readable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if form == .readable { encoder.outputFormatting.insert(.prettyPrinted) }
        encoder.keyEncodingStrategy = .convertToSnakeCase
        self.status = status
        type = "application/json"
        body = Array(((try? encoder.encode(value)) ?? Data("null".utf8))) + [0x0A]
    }

    /// The connection becomes another protocol's, as was asked for.
    public init(switchingTo protocolName: String, successor: @escaping @Sendable (DescriptorChannel) -> Void) {
        (status, type, body) = (101, "", [])
        fields = ["Connection: upgrade", "Upgrade: \(protocolName)"]
        self.successor = successor
    }

    /// A failure, in words, as a value for programs.
    public init(failure status: Int, _ words: String) {
        self.init(status: status, json: Failure(error: words))
    }

    /// What a failure says.
    struct Failure: Codable {
        var error: String
    }
}
