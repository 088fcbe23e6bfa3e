// What an embedding program may see and decide about a request.
// How the decision is carried out is the proxy's matter.

/// A request as a hook sees it: read it, plan edits of its fields.
///
/// The received head itself stays as it is. Edits apply to what goes to the endpoint, after hop-by-hop fields were
/// removed, so a client's Connection field cannot undo them.
public struct HookRequest: Sendable {
    /// The method, `GET`.
    public let method: String
    /// The host in normal form: lower case, without port.
    public let host: String
    /// The target as received, `/a?b=c`.
    public let target: String
    /// The path as routes compare it: without query, unreserved characters decoded, other encodings in upper case, dot
    /// segments and double slashes removed. Decide by this one: a client can write the same path in many ways.
    public let path: String
    /// The client's address without port.
    public let clientAddress: String
    /// The client's certificate, which its listener has asked for and found good; nil if it has shown none.
    public let clientCertificate: ClientCertificate?
    /// The fields as received: name and value, in order, repeated where they were repeated. Where listeners ask for
    /// certificates, those in which endpoints are told of them are not among them, whoever sent them.
    public let fields: [(name: String, value: String)]
    /// What the hook wants changed, in this order.
    public private(set) var edits: [FieldEdit] = []

    /// Creates a request; the proxy does, and tests of hooks may.
    public init(  // tidy: parameters: a memberwise initialiser
        method: String, host: String, target: String, path: String, clientAddress: String,
        fields: [(name: String, value: String)], clientCertificate: ClientCertificate? = nil
    ) {
        self.clientCertificate = clientCertificate
        self.method = method
        self.host = host
        self.target = target
        self.path = path
        self.clientAddress = clientAddress
        self.fields = fields
    }

    /// The value of the first field of this name, in any case.
    public func field(_ name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// Appends a field; one of the same name stays.
    public mutating func addField(_ name: String, _ value: String) { edits.append(.add(name: name, value: value)) }

    /// Replaces all fields of this name by one.
    public mutating func setField(_ name: String, _ value: String) {
        edits.append(.remove(name: name))
        edits.append(.add(name: name, value: value))
    }

    /// Removes all fields of this name.
    public mutating func removeField(_ name: String) { edits.append(.remove(name: name)) }
}

/// One change of the fields that go to the endpoint.
///
/// Framing fields, Host and the fields of one hop are the proxy's: edits of them have no effect, and neither have names
/// and values that RFC 9110 §5 does not allow. Where the endpoint is told of the client (any ``ForwardedMode`` but
/// `none`), the proxy's are also `X-Request-ID` and, unless the peer is a trusted proxy, `X-Forwarded-For`, `-Proto`,
/// `-Host`, `-Port`, `X-Real-IP` and `Forwarded`. Of a trusted peer, edits of these change what counts as its word;
/// with `none` they are carried out like any other. If a listener asks for certificates, `Client-Cert` and all names
/// that begin like `X-Client-Cert` are the proxy's in every mode.
public enum FieldEdit: Sendable, Hashable {
    /// Append a field.
    case add(name: String, value: String)
    /// Remove all fields of a name.
    case remove(name: String)
}

/// What a hook decides.
public enum HookDecision: Sendable {
    /// Go on as configured.
    case forward
    /// Go to the named cluster, whatever the routes say. An unknown name fails the request with
    /// `endpoint.none_healthy`.
    case cluster(String)
    /// Answer at once.
    case respond(HookResponse)
}

/// An answer that a hook gives by itself.
public struct HookResponse: Sendable {
    /// The status, 200 to 599.
    public var status: Int
    /// The media type of the body.
    public var contentType: String
    /// The body.
    public var body: [UInt8]
    /// Further fields, such as `WWW-Authenticate`. Framing fields and Date are the proxy's.
    public var fields: [(name: String, value: String)]

    /// Creates an answer with a text.
    public init(
        status: Int, body: String = "", contentType: String = "text/plain; charset=utf-8",
        fields: [(name: String, value: String)] = []
    ) {
        self.status = status
        self.contentType = contentType
        self.body = Array(body.utf8)
        self.fields = fields
    }
}

/// Called for each request whose head is valid and complete, on the thread of the connection's worker: it must not
/// block.
public typealias RequestHook = @Sendable (inout HookRequest) -> HookDecision
