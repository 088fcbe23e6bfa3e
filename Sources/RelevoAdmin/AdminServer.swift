// The admin listener: a thread of its own, so that who looks at a proxy never waits for its traffic, nor it for them.
// What can be asked for: AdminAPI.

public import CLibevent
public import RelevoPolicy
import Synchronization

/// What the admin listener's thread works on. Confined to it.
final class AdminPlane {
    let loop: EventLoop
    let access: AdminAccess
    private let handler: AdminServer.Handler
    private let mailbox: LoopMailbox<AdminPlane>
    private var listener: ConnectionListener?
    /// Whether it listens at a path.
    let isPath: Bool
    /// By their numbers, none of which comes twice: an answer finds the one that has asked, or nobody.
    private var connections: [UInt64: AdminConnection] = [:]
    private var lastNumber: UInt64 = 0
    private var isFinishing = false
    private var limit: Timer?
    private let onRefusal: @Sendable (AdminRefused) -> Void
    /// Where answers are made: who looks on takes no time from requests.
    private let executor: BackgroundExecutor
    private var silence = MonotonicTime(nanoseconds: 0)
    private var unheard = 0

    /// Connections at a time. The oldest that has not yet said what it wants makes room; without one others wait.
    private static let most = 64
    /// How long those who have asked may wait for their answers when it ends.
    private static let farewell: Duration = .seconds(1)

    init(
        _ loop: EventLoop, _ place: AdminServer.Place, _ access: AdminAccess, _ mailbox: LoopMailbox<AdminPlane>,
        _ watchers: AdminServer.Watchers
    ) throws(SystemError) {
        self.loop = loop
        self.access = access
        self.mailbox = mailbox
        handler = watchers.handler
        onRefusal = watchers.onRefusal
        executor = try BackgroundExecutor(name: "relevo-answers")
        guard let socket = place.socket.withLock(\.self)?.socket else {
            throw SystemError(protocol: "its socket is somebody else's", in: .listen)
        }
        isPath = socket.address.port == nil
        let listener = try ConnectionListener(loop: loop, socket: socket)
        self.listener = listener
        listener.onAccept = { [unowned self] socket, peer in accept(socket, peer) }
    }

    private func accept(_ socket: consuming Socket, _ peer: SocketAddress) {
        lastNumber += 1
        guard let connection = try? AdminConnection(socket, peer, lastNumber, self) else { return }
        connections[lastNumber] = connection
        guard connections.count >= Self.most else { return }
        let silent = connections.values.filter { !$0.hasAsked }.min { $0.number < $1.number }
        silent?.end(.orderly)
        if connections.count >= Self.most { listener?.pause(.full) }
    }

    func remove(_ connection: AdminConnection) {
        loop.retire(connection)
        connections[connection.number] = nil
        if connections.count < Self.most { listener?.resume(.full) }
        if isFinishing, connections.isEmpty { loop.stop() }
    }

    /// Somebody has asked for what is not granted. The operator hears of it, but not a thousand times a second.
    func refused(
        _ request: AdminRequest, _ sender: AdminAccess.Sender, by response: AdminResponse, from peer: SocketAddress
    ) {
        unheard += 1
        guard loop.now >= silence else { return }
        silence = loop.now + .seconds(1)
        onRefusal(
            AdminRefused(
                peer: peer.description, request: "\(request.method) \(request.path)", host: sender.authority,
                origin: sender.origin, status: response.status, count: unheard))
        unheard = 0
    }

    /// Has a request answered; other connections are served meanwhile.
    func ask(_ request: AdminRequest, for connection: AdminConnection) {
        let (number, handler, mailbox) = (connection.number, handler, mailbox)
        Task(executorPreference: executor) {
            let response = await handler(request)
            mailbox.postAlways { $0.connections[number]?.answer(response) }
        }
    }

    /// Accepts nobody any more.
    func closeListener() {
        listener?.close()
        listener = nil
    }

    /// Ends the loop when those who have asked are answered, or soon.
    func finish() {
        closeListener()
        isFinishing = true
        for connection in connections.values where !connection.hasAsked { connection.end(.orderly) }
        guard !connections.isEmpty else { return loop.stop() }
        limit = try? Timer(loop: loop, .once) { [unowned self] in loop.stop() }
        limit?.start(Self.farewell)
        if limit == nil { loop.stop() }
    }

    func close() {
        limit?.close()
        closeListener()
        for connection in connections.values { connection.end(.orderly) }
    }
}

@available(*, unavailable)
extension AdminPlane: Sendable {}

/// Answers questions about a proxy, and carries out orders for it, over HTTP. Any thread may call its methods.
public final class AdminServer: Sendable {
    /// Answers one request. Called on no particular thread.
    public typealias Handler = @Sendable (AdminRequest) async -> AdminResponse

    /// The socket, which the thread must not keep for longer than the server has it.
    final class Place: Sendable {
        let socket: Mutex<AdminSocket?>

        init(_ socket: AdminSocket) { self.socket = Mutex(socket) }
    }

    /// Who hears of what comes.
    struct Watchers: Sendable {
        let handler: Handler
        let onRefusal: @Sendable (AdminRefused) -> Void
    }

    /// Where it listens, with the real port.
    public let address: SocketAddress
    /// What somebody has to know to change something by a port, and to have requests explained; nil without a file.
    public let token: String?
    private let mailbox: LoopMailbox<AdminPlane>
    private let thread: LoopThread
    private let isStopped = Mutex(false)
    /// Who may open a socket in the file system: its owner.
    public static var mode: UInt32 { 0o600 }
    /// Its socket, until it is left to somebody else.
    private let own: Place

    /// Opens the listener, or takes over a socket at its address, and begins to answer. A socket in the file system can
    /// only be opened by its owner.
    /// - Throws: ``AdminError``; nothing is left open then.
    public init(
        _ settings: AdminSettings, inheriting inherited: AdminSocket? = nil,
        onRefusal: @escaping @Sendable (AdminRefused) -> Void = { _ in }, handler: @escaping Handler
    ) throws(AdminError) {
        let watchers = Watchers(handler: handler, onRefusal: onRefusal)
        let access = try AdminAccess(settings)
        token = access.token.map { String(decoding: $0, as: UTF8.self) }
        let mailbox: LoopMailbox<AdminPlane>
        do throws(SystemError) {
            let found: AdminSocket
            if let inherited {
                found = inherited
            } else {
                found = AdminSocket(
                    try ListeningSocket(settings.socketAddress, refuseIfTaken: true, mode: Self.mode))
            }
            let own = Place(found)
            self.own = own
            address = found.socket.address
            mailbox = try LoopMailbox<AdminPlane>()
            thread = try LoopThread.start(name: "relevo-admin") { () throws(SystemError) in
                let loop = try EventLoop()
                let plane = try AdminPlane(loop, own, access, mailbox, watchers)
                let jobs = try mailbox.receive(on: loop, context: plane)
                return {
                    loop.run()
                    plane.close()
                    jobs.close()
                }
            }
        } catch {
            throw AdminError("the admin listener `\(settings.address)` cannot be opened: \(error.reason)")
        }
        self.mailbox = mailbox
    }

    /// Looks at what settings name, as an opening would, and opens nothing.
    /// - Throws: why there could be no listener.
    public static func check(_ settings: AdminSettings) throws(AdminError) { _ = try AdminAccess(settings) }

    /// Accepts nobody any more, and leaves the socket to whoever has taken it over. Who is connected is answered.
    /// - Parameter isRemoved: whether nobody has, and its file is removed at once.
    public func leaveSocket(removingFile isRemoved: Bool) {
        if isRemoved { removeFile() }
        own.socket.withLock { $0 = nil }
        mailbox.postAlways { $0.closeListener() }
    }

    /// Ends it; returns when nothing of it is left, and that is soon: those who have asked are answered before.
    /// Idempotent.
    public func stop() {
        let isFirst = isStopped.withLock { isStopped in
            defer { isStopped = true }
            return !isStopped
        }
        guard isFirst else { return }
        mailbox.postAlways { $0.finish() }
        thread.join()
        removeFile()
    }

    /// Its socket, for whoever takes over; nil if somebody has.
    public var socket: AdminSocket? { own.socket.withLock(\.self) }

    private func removeFile() {
        let isOwn = own.socket.withLock { $0?.ownsFile ?? false }
        if isOwn, case .unix(let path) = address { FileOutput.removeSocket(path) }
    }
}
