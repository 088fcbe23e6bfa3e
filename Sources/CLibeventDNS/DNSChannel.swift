// One channel of c-ares on a loop: its sockets, its clock, and the results that wait to be told.
// What is asked and what an answer means is in AddressQuery and ServiceQuery.

import CCares
import CLibevent
import Glibc

/// Owns an `ares_channel`. Lent to c-ares unretained: its owner closes it before letting go of it.
///
/// No closure of a caller runs within c-ares: results are kept until a timer of the loop fires. So closures may do
/// anything, and c-ares never meets its own end on the stack.
final class DNSChannel {
    /// The channel; nil once closed.
    private(set) var handle: ares_channel?

    private let loop: EventLoop
    private let settings: DNSResolver.Settings
    private var watches: [Int32: SocketWatches] = [:]
    private var expiry: Timer?
    private var delivery: Timer?
    private var finished: [() -> Void] = []
    /// Lookups whose result has not been told.
    private var pending = 0
    private var systemFile: FileStamp?
    /// How often c-ares may still read in this turn; see CCares.
    private let readsLeft: UnsafeMutablePointer<Int32>

    private static let maxReadsPerTurn: Int32 = 64
    private static let isLibraryReady = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS

    /// What is watched of one socket of c-ares.
    private struct SocketWatches {
        var reading: DescriptorWatch?
        var writing: DescriptorWatch?
    }

    init(loop: EventLoop, settings: DNSResolver.Settings) throws(DNSFailure) {
        self.loop = loop
        self.settings = settings
        readsLeft = .allocate(capacity: 1)
        readsLeft.initialize(to: 0)
        guard Self.isLibraryReady else { throw .exhausted }
        do throws(SystemError) {
            expiry = try Timer(loop: loop, .once) { [unowned self] in process() }
            delivery = try Timer(loop: loop, .once) { [unowned self] in deliver() }
        } catch {
            throw .exhausted
        }
        systemFile = FileStamp(path: settings.systemFile)
        handle = try open()
    }

    deinit { readsLeft.deallocate() }

    /// Drops everything that is under way. Idempotent.
    func close() {
        guard let handle else { return }
        // First: c-ares calls back for each lookup that it drops.
        self.handle = nil
        finished = []
        ares_destroy(handle)
        watches = [:]
        expiry?.close()
        delivery?.close()
    }

    // MARK: Lookups

    /// Makes room for a lookup. If there is none, `fail` is called later.
    /// - Returns: whether to go on, with `finish` called once in the end.
    func begin(or fail: @escaping (DNSFailure) -> Void) -> Bool {
        guard handle != nil else { return false }
        pending += 1
        guard pending <= DNSResolver.maxLookups else {
            finish { fail(.busy) }
            return false
        }
        if pending == 1 { followSystemFile() }
        return true
    }

    /// Keeps what is to be told to a caller for a later turn; after `close` it is dropped.
    func finish(_ report: @escaping () -> Void) {
        guard handle != nil else { return }
        if finished.isEmpty { delivery?.start(.zero) }
        finished.append(report)
    }

    private func deliver() {
        let due = finished
        finished = []
        for report in due {
            guard handle != nil else { return }
            pending -= 1
            report()
        }
    }

    // MARK: Sockets and time

    /// Has c-ares called when its next timeout is due; after each call that may have begun or ended something.
    func arm() {
        guard let handle else { return }
        var left = timeval()
        guard ares_timeout(handle, nil, &left) != nil else {
            expiry?.stop()
            return
        }
        // Whole milliseconds, rounded down, so that a zero may be early.
        expiry?.start(max(.milliseconds(1), .seconds(left.tv_sec) + .microseconds(left.tv_usec)))
    }

    private func process(reading: Int32 = ARES_SOCKET_BAD, writing: Int32 = ARES_SOCKET_BAD) {
        guard let handle else { return }
        readsLeft.pointee = Self.maxReadsPerTurn
        ares_process_fd(handle, reading, writing)
        arm()
    }

    /// What c-ares wants to know of a socket has changed. A socket that is about to be closed is not watched at all.
    private func watch(_ descriptor: Int32, reading: Bool, writing: Bool) {
        guard reading || writing else {
            // Not only released: the watch whose callback is running would live until that returns, and by then the
            // number can be another socket's.
            let old = watches.removeValue(forKey: descriptor)
            old?.reading?.close()
            old?.writing?.close()
            return
        }
        var watched = watches[descriptor] ?? SocketWatches()
        if !reading {
            watched.reading?.close()
            watched.reading = nil
        } else if watched.reading == nil {
            // Without the watch, which takes a little memory only, the lookup runs into its timeout.
            watched.reading = try? DescriptorWatch(loop: loop, descriptor: descriptor, for: .reading) {
                [unowned self] in process(reading: descriptor)
            }
        }
        if !writing {
            watched.writing?.close()
            watched.writing = nil
        } else if watched.writing == nil {
            watched.writing = try? DescriptorWatch(loop: loop, descriptor: descriptor, for: .writing) {
                [unowned self] in process(writing: descriptor)
            }
        }
        watches[descriptor] = watched
    }

    // MARK: Opening

    /// With several nameservers c-ares passes over answers that only say that one of them failed. With one there is
    /// nobody else to ask, and such an answer is worth more than none.
    private func open() throws(DNSFailure) -> ares_channel {
        let nameservers = try settings.nameserverList()
        let patient = try open(flags: ARES_FLAG_NOALIASES, nameservers)
        var list: UnsafeMutablePointer<ares_addr_port_node>?
        guard ares_get_servers_ports(patient, &list) == ARES_SUCCESS, let list else { return patient }
        defer { ares_free_data(list) }
        guard list.pointee.next == nil else { return patient }
        ares_destroy(patient)
        return try open(flags: ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP, nameservers)
    }

    private func open(flags: Int32, _ nameservers: String?) throws(DNSFailure) -> ares_channel {
        var options = ares_options()
        var given = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB
        given |= ARES_OPT_RESOLVCONF
        options.flags = flags
        options.timeout = settings.timeoutMilliseconds
        options.tries = settings.boundedTries
        options.sock_state_cb = { context, descriptor, reading, writing in
            let channel = Unmanaged<DNSChannel>.fromOpaque(context!).takeUnretainedValue()
            channel.watch(descriptor, reading: reading != 0, writing: writing != 0)
        }
        options.sock_state_cb_data = Unmanaged.passUnretained(self).toOpaque()
        // Files first: an answer that comes at once is then always from there.
        options.lookups = strdup("fb")
        options.resolvconf_path = strdup(settings.systemFile)
        var domains = settings.searchDomains.map { $0.map { strdup($0) } } ?? []
        defer { for text in domains + [options.lookups, options.resolvconf_path] { free(text) } }
        if settings.searchDomains != nil { given |= ARES_OPT_DOMAINS }
        options.ndomains = Int32(domains.count)
        var opened: ares_channel?
        var status = domains.withUnsafeMutableBufferPointer { names in
            options.domains = names.baseAddress
            return ares_init_options(&opened, &options, given)
        }
        guard let opened else { throw DNSFailure(status: status) ?? .exhausted }
        if let nameservers { status = ares_set_servers_ports_csv(opened, nameservers) }
        guard status == ARES_SUCCESS else {
            ares_destroy(opened)
            throw .invalidNameserver
        }
        relevo_ares_use_sockets(opened, readsLeft)
        return opened
    }

    /// c-ares reads the system's configuration once; if it is another now, begins anew. Only while nobody waits.
    private func followSystemFile() {
        let stamp = FileStamp(path: settings.systemFile)
        guard stamp != systemFile, let old = handle, let fresh = try? open() else { return }
        systemFile = stamp
        handle = fresh
        ares_destroy(old)
    }
}

@available(*, unavailable)
extension DNSChannel: Sendable {}

/// What tells one state of a file from another.
private struct FileStamp: Equatable {
    private var inode: UInt
    private var size: Int
    private var seconds: Int
    private var nanoseconds: Int

    /// Nil if there is no such file.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        inode = status.st_ino
        size = status.st_size
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
}
