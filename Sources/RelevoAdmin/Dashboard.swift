// The dashboard as an answer: who gets it unasked, and what its page may do in a browser.
// The page itself is in Page; script/page makes DashboardPage.swift of it.

extension AdminResponse {
    /// The page. It may load nothing, ask nobody but this listener, and stand in no other page; what it shows comes
    /// from whoever sends requests.
    static var dashboard: AdminResponse {
        var answer = AdminResponse(status: 200, type: "text/html; charset=utf-8", body: Array(DashboardPage.text.utf8))
        let policy = [
            "default-src 'none'", "style-src '\(DashboardPage.styleDigest)'",
            "script-src '\(DashboardPage.scriptDigest)'",
            "connect-src 'self'", "img-src data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        ]
        answer.fields = [
            "Content-Security-Policy: " + policy.joined(separator: "; "), "X-Content-Type-Options: nosniff",
            "Referrer-Policy: no-referrer", "Cross-Origin-Opener-Policy: same-origin",
            "Cross-Origin-Resource-Policy: same-origin", "Vary: Accept",
        ]
        return answer
    }
}

extension AdminRequest {
    /// Whether it names `text/html` and likes nothing better (RFC 9110 §12.5.1), as browsers do and programs do not.
    var prefersHTML: Bool {
        var (page, best) = (0.0, 0.0)
        for range in accept.split(separator: ",") {
            let parts = range.split(separator: ";").map { String($0.filter { !$0.isWhitespace }).lowercased() }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            if parts.first == "text/html" { page = max(page, weight) } else { best = max(best, weight) }
        }
        return page > 0 && page >= best
    }
}
