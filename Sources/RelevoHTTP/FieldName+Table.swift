// The numbers behind `KnownField`: ASCII of lower-case names read as big-endian words. A test compares every row with
// the name, so that no row has to be believed. Not for use outside `KnownField`.

extension KnownField {
    /// A field that may be meant, with what must stand before its last eight bytes as one or two words.
    typealias Candidate = (field: KnownField, head: UInt64, middle: UInt64)

    /// The only field with this key: its last eight bytes, with the length of the name in the top byte.
    static func candidate(_ key: UInt64) -> Candidate {
        switch key {
        case 0x646E_6563_7469_6F6E: (.connection, 0x636F, 0)  // connection
        case 0x6F70_2D61_6C69_7665: (.keepAlive, 0x6B65, 0)  // keep-alive
        case 0x200_0000_0000_7465: (.te, 0, 0)  // te
        case 0x774_7261_696C_6572: (.trailer, 0, 0)  // trailer
        case 0x775_7067_7261_6465: (.upgrade, 0, 0)  // upgrade
        case 0x400_0000_686F_7374: (.host, 0, 0)  // host
        case 0x300_0000_0076_6961: (.via, 0, 0)  // via
        case 0x6672_7761_7264_6564: (.forwarded, 0x66, 0)  // forwarded
        case 0x2472_6561_6C2D_6970: (.xRealIP, 0x78, 0)  // x-real-ip
        case 0x600_6578_7065_6374: (.expect, 0, 0)  // expect
        case 0x400_0000_6461_7465: (.date, 0, 0)  // date
        case 0x600_7365_7276_6572: (.server, 0, 0)  // server
        case 0x6B63_6573_7461_7465: (.tracestate, 0x7472, 0)  // tracestate
        case 0x600_636F_6F6B_6965: (.cookie, 0, 0)  // cookie
        case 0x7E2D_636F_6F6B_6965: (.setCookie, 0x7365, 0)  // set-cookie
        case 0x646F_6361_7469_6F6E: (.location, 0, 0)  // location
        case 0x500_0072_616E_6765: (.range, 0, 0)  // range
        case 0x300_0000_0061_6765: (.age, 0, 0)  // age
        case 0x765_7870_6972_6573: (.expires, 0, 0)  // expires
        case 0x600_7072_6167_6D61: (.pragma, 0, 0)  // pragma
        case 0x400_0000_7661_7279: (.vary, 0, 0)  // vary
        case 0x777_6172_6E69_6E67: (.warning, 0, 0)  // warning
        case 0x6166_2D6D_6174_6368: (.ifMatch, 0, 0)  // if-match
        case 0x6166_2D72_616E_6765: (.ifRange, 0, 0)  // if-range
        case 0x6F72_2D61_6765_6E74: (.userAgent, 0x7573, 0)  // user-agent
        case 0x761_6C74_2D73_7663: (.altSvc, 0, 0)  // alt-svc
        case 0x600_6F72_6967_696E: (.origin, 0, 0)  // origin
        default: longCandidate(key)
        }
    }

    private static func longCandidate(_ key: UInt64) -> Candidate {
        switch key {
        case 0x7E6E_6563_7469_6F6E: (.proxyConnection, 0x7072_6F78_792D_636F, 0)  // proxy-connection
        case 0x746E_636F_6469_6E67: (.transferEncoding, 0x7472_616E_7366_6572, 0x2D)  // transfer-encoding
        case 0x7A2D_6C65_6E67_7468: (.contentLength, 0x636F_6E74_656E, 0)  // content-length
        case 0x7D64_6564_2D66_6F72: (.xForwardedFor, 0x78_2D66_6F72_7761, 0)  // x-forwarded-for
        case 0x7464_2D70_726F_746F: (.xForwardedProto, 0x782D_666F_7277_6172, 0x64)  // x-forwarded-proto
        case 0x7465_642D_686F_7374: (.xForwardedHost, 0x782D_666F_7277_6172, 0)  // x-forwarded-host
        case 0x7465_642D_706F_7274: (.xForwardedPort, 0x782D_666F_7277_6172, 0)  // x-forwarded-port
        case 0x776E_7469_6361_7465: (.proxyAuthenticate, 0x7072_6F78_792D_6175, 0x7468)  // proxy-authenticate
        case 0x6169_7A61_7469_6F6E: (.proxyAuthorization, 0x7072_6F78_792D_6175, 0x74_686F)  // proxy-authorization
        case 0x7D65_7474_696E_6773: (.http2Settings, 0x6874_7470_322D, 0)  // http2-settings
        case 0x7D75_6573_742D_6964: (.xRequestID, 0x782D_7265, 0)  // x-request-id
        case 0x6865_7061_7265_6E74: (.traceparent, 0x74_7261, 0)  // traceparent
        case 0x6A6E_6379_2D6B_6579: (.idempotencyKey, 0x69_6465_6D70_6F74, 0)  // idempotency-key
        case 0x696E_742D_7479_7065: (.contentType, 0x636F_6E74, 0)  // content-type
        case 0x756E_636F_6469_6E67: (.contentEncoding, 0x636F_6E74_656E_742D, 0)  // content-encoding
        case 0x6374_2D72_616E_6765: (.contentRange, 0x63_6F6E_7465, 0)  // content-range
        case 0x7979_2D61_6674_6572: (.retryAfter, 0x72_6574, 0)  // retry-after
        case 0x7F69_7A61_7469_6F6E: (.authorization, 0x61_7574_686F, 0)  // authorization
        case 0x7A6F_6E2D_696E_666F: (.authenticationInfo, 0x6175_7468_656E_7469, 0x63_6174)  // authentication-info
        case 0x756E_7469_6361_7465: (.wwwAuthenticate, 0x7777_772D_6175_7468, 0)  // www-authenticate
        case 0x2063_6F6E_7472_6F6C: (.cacheControl, 0x63_6163_6865, 0)  // cache-control
        case 0x6A6F_7277_6172_6473: (.maxForwards, 0x6D61_782D, 0)  // max-forwards
        case 0x6365_2D6D_6174_6368: (.ifNoneMatch, 0x69_662D_6E6F, 0)  // if-none-match
        case 0x7464_2D73_696E_6365: (.ifModifiedSince, 0x6966_2D6D_6F64_6966, 0x69)  // if-modified-since
        case 0x7664_2D73_696E_6365: (.ifUnmodifiedSince, 0x6966_2D75_6E6D_6F64, 0x69_6669)  // if-unmodified-since
        case 0x752D_7374_6174_7573: (.proxyStatus, 0x7072_6F78, 0)  // proxy-status
        case 0x2365_7870_6C61_696E: (.relevoExplain, 0x7265_6C65_766F, 0)  // relevo-explain
        default: (.other, 0, 0)
        }
    }

    /// The lower-case spelling, empty for `.other`.
    package var name: String { Self.names[Int(rawValue)] }

    /// Spellings in the order of the cases.
    private static let names = [
        "",
        "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
        "host", "content-length", "via", "forwarded", "x-forwarded-for", "x-forwarded-proto",
        "x-forwarded-host", "x-forwarded-port", "x-real-ip", "expect", "date", "server", "proxy-authenticate",
        "proxy-authorization", "http2-settings", "x-request-id", "traceparent", "tracestate",
        "idempotency-key", "content-type", "content-encoding", "content-range", "retry-after", "cookie",
        "set-cookie", "location", "authorization", "authentication-info", "www-authenticate", "cache-control",
        "max-forwards", "range", "age", "expires", "pragma", "vary", "warning", "if-match", "if-none-match",
        "if-modified-since", "if-unmodified-since", "if-range", "user-agent", "proxy-status", "alt-svc",
        "origin", "relevo-explain",
    ]
}
