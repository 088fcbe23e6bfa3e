// Which keys a configuration file has, and where. The one list of them: what a key's value must be is said by
// `ConfigurationReader`, what it does by docs/configuration.md.

import RelevoPolicy

/// A kind of map in a configuration file.
enum Section: CaseIterable {
    case root, listener, listenerTLS, certificate, clientCertificates, redirectToTLS, hsts, clusterTLS, proxyProtocol
    case domain, route, cluster, endpoint, timeouts, overrides, limits, resolver, accessLog, recent, tracing,
        redirect, respond, admin
    case balance, hash, sticky, health, ejection, retry, concurrency, adaptive, queue
    case test, expect
    case script, phase, errors, latency

    /// Keys of a cluster that a domain or a route has too, beside its `endpoints`.
    static let settings = [
        "balance", "health", "ejection", "retry", "slow_start", "hold", "max_requests", "concurrency", "queue", "tls",
        "proxy_protocol",
    ]

    /// Keys of the file as a whole.
    private static let wholes = [
        "workers", "listeners", "domains", "clusters", "timeouts", "limits", "trusted_proxies", "resolver", "hsts",
        "access_log", "recent", "tracing", "admin", "user", "tests",
    ]

    /// Keys of what a test expects, in the order in which it is judged.
    static let expectations = [
        "domain", "route", "cluster", "endpoint", "status", "location", "body", "code", "headers", "timeouts",
    ]

    /// Keys that it may have.
    var keys: [String] {
        switch self {
        case .root: Section.wholes
        case .listener: ["address", "tls", "proxy_protocol", "redirect"]
        case .listenerTLS: ["certificates", "certificate", "key", "ocsp", "client"]
        case .clientCertificates: ["mode", "ca", "crl", "rfc9440"]
        case .redirectToTLS: ["to", "port", "status"]
        case .hsts: ["max_age", "include_subdomains", "preload"]
        case .certificate: ["certificate", "key", "ocsp"]
        case .clusterTLS: ["ca", "crl", "name", "certificate", "key", "verify"]
        case .proxyProtocol: ["from", "timeout"]
        case .domain:
            ["endpoints", "cluster", "routes", "redirect", "respond", "connection", "forwarded", "hsts", "timeouts"]
                + Section.settings
        case .route:
            ["path", "methods", "endpoints", "cluster", "redirect", "respond", "timeouts"] + Section.settings
        case .cluster: ["endpoints", "timeouts"] + Section.settings
        case .endpoint: ["address", "weight", "backup", "max_requests", "tls"]
        case .timeouts:
            [
                "handshake", "head", "body", "idle", "connect", "response", "stream", "tunnel", "upstream_idle",
                "half_close", "drain", "shutdown",
            ]
        case .overrides: ["body", "connect", "response", "stream"]
        case .limits:
            [
                "head_bytes", "fields", "target_bytes", "body_bytes", "body_rate", "connections", "client_connections",
                "handshakes", "client_requests", "idle_upstreams", "upstream_requests",
            ]
        case .resolver: ["nameservers", "search", "timeout", "tries", "min_ttl", "max_ttl"]
        case .accessLog: ["format", "template", "to", "only", "slower_than", "sample", "redact"]
        case .recent: ["requests", "slower_than"]
        case .tracing: ["to", "sample", "service", "headers"]
        case .admin: ["address", "token_file"]
        case .redirect: ["to", "status"]
        case .respond: ["status", "body"]
        case .balance: ["hash", "sticky"]
        case .hash: ["header", "cookie"]
        case .sticky: ["cookie", "secret", "lifetime"]
        case .health:
            [
                "probe", "path", "method", "host", "status", "body", "interval", "timeout", "rise", "fall", "port",
                "initial",
            ]
        case .ejection: ["consecutive", "rate", "volume", "window", "time", "max_time", "share", "server_errors"]
        case .retry: ["attempts", "statuses", "budget", "reserve", "body_bytes", "non_idempotent", "backoff"]
        case .concurrency: ["limit", "adaptive"]
        case .adaptive: ["minimum", "maximum"]
        case .queue: ["length", "timeout"]
        case .test: ["request", "headers", "from", "name", "expect"]
        case .expect: Section.expectations
        case .script: ["cluster", "duration", "rate", "posts", "workers", "clients", "checks", "endpoints"]
        case .phase: ["at", "latency", "refuses", "ignores", "drops", "hangs", "errors", "checks", "recovers"]
        case .errors: ["share", "status"]
        case .latency: ["exponential"]
        }
    }

    /// Keys that are planned and refused, so that nobody relies on what is not there.
    var laterKeys: [String] {
        switch self {
        case .domain, .route, .cluster: ["limits"]
        case .root, .admin, .listener, .listenerTLS, .certificate, .clientCertificates, .redirectToTLS, .hsts,
            .clusterTLS,
            .proxyProtocol, .endpoint, .timeouts, .overrides, .limits, .resolver, .accessLog, .recent, .tracing,
            .redirect, .respond, .balance, .hash, .sticky, .health, .ejection, .retry, .concurrency, .adaptive, .queue,
            .test,
            .expect, .script, .phase, .errors, .latency:
            []
        }
    }

    /// Where the keys of this section belong, for messages.
    var place: String {
        switch self {
        case .root: "the top level"
        case .listener: "a listener"
        case .listenerTLS: "a listener's `tls`"
        case .certificate: "one of `certificates`"
        case .clusterTLS: "a cluster's `tls`"
        case .proxyProtocol: "a listener's `proxy_protocol`"
        case .clientCertificates: "`client` of a listener's `tls`"
        case .redirectToTLS: "a listener's `redirect`"
        case .hsts: "`hsts`"
        case .domain: "a domain"
        case .route: "a route"
        case .cluster: "a cluster"
        case .endpoint: "an endpoint"
        case .timeouts: "the top-level `timeouts`"
        case .overrides: "`timeouts`"
        case .limits: "the top-level `limits`"
        case .resolver: "`resolver`"
        case .accessLog: "`access_log`"
        case .recent: "`recent`"
        case .tracing: "`tracing`"
        case .admin: "`admin`"
        case .redirect: "`redirect`"
        case .respond: "`respond`"
        case .balance: "`balance`"
        case .hash: "`hash`"
        case .sticky: "`sticky`"
        case .health: "`health`"
        case .ejection: "`ejection`"
        case .retry: "`retry`"
        case .concurrency: "`concurrency`"
        case .adaptive: "`adaptive`"
        case .queue: "`queue`"
        case .test: "a test"
        case .expect: "`expect` of a test"
        case .script: "the top level of a script"
        case .phase: "a phase of an endpoint"
        case .errors: "`errors`"
        case .latency: "`latency`"
        }
    }

    /// Whether it is a block of settings within a cluster.
    private var isBlock: Bool {
        switch self {
        case .balance, .hash, .sticky, .health, .ejection, .retry, .concurrency, .adaptive, .queue: true
        case .root, .listener, .listenerTLS, .certificate, .clientCertificates, .redirectToTLS, .hsts, .clusterTLS,
            .proxyProtocol, .domain, .route, .cluster, .endpoint, .timeouts, .overrides, .limits, .resolver,
            .accessLog, .recent, .tracing, .admin, .redirect, .respond, .test, .expect, .script, .phase, .errors,
            .latency:
            false
        }
    }

    /// Whether it belongs to the script of a simulation, not to a configuration: these are two kinds of files.
    var isOfScript: Bool {
        switch self {
        case .script, .phase, .errors, .latency: true
        default: false
        }
    }

    /// Whether it says what is expected of a configuration: many of its keys are those that are expected to decide.
    private var isOfTest: Bool { self == .test || self == .expect }

    /// Whether it has settings of a cluster, or is one.
    private var isOfCluster: Bool { isBlock || keys.contains("queue") }

    /// The cure for a key that this section does not have.
    func cure(forUnknown key: String) -> String {
        if let near = Section.closest(to: key, among: keys) { return "did you mean `\(near)`?" }
        let homes = Section.allCases.filter { home in
            // `port` of a listener is no slip of one who meant a health check, or a redirect.
            home.isOfScript == isOfScript && home.isOfTest == isOfTest && home != .overrides && home != .redirectToTLS
                && (isOfCluster || !home.isBlock)
                && (home.keys + home.laterKeys).contains(key)
        }
        if !homes.isEmpty { return "it belongs to " + homes.map(\.place).joined(separator: ", ") }
        if let near = Section.closest(to: key, among: laterKeys) { return "did you mean `\(near)`?" }
        return "the keys here are " + keys.map { "`\($0)`" }.joined(separator: ", ")
    }

    /// The word that was probably meant; none for a text too long to be a slip, whose distance would cost much.
    static func closest(to word: String, among words: [String]) -> String? {
        word.utf8.count <= 64 ? Spelling.closest(to: word, among: words) : nil
    }
}
