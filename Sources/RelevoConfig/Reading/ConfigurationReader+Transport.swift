// What is said about TLS beside a listener's own certificates: those of clients, redirects to TLS, and what browsers
// are told. Files are read later, when the proxy is made.

import RelevoPolicy

extension ConfigurationReader {
    /// Certificates that clients are asked for: `off`, the file of the authorities, or a map.
    mutating func clientCertificates(_ field: Field) -> ClientCertificates? {
        if says("off", field) { return nil }
        if let word = field.node.scalar?.text, ClientCertificates.Mode(rawValue: word) != nil {
            report(
                "`client` wants the file of the authorities, `ca`",
                suggestion: "write `client: { mode: \(word), ca: clients-ca.pem }`", at: field.place)
            return nil
        }
        guard isMap(field) else {
            let wants = "`off`, the name of a file or a map such as `{ mode: require, ca: ca.pem }`"
            noteHead(of: field)
            guard let ca = file(field.lengthened(to: "ca"), wants: wants) else { return nil }
            return ClientCertificates(ca: ca, location: field.node.location)
        }
        guard let fields = map(field, .clientCertificates) else { return nil }
        noteHead(of: field)
        let mode = fields["mode"].map { choice($0, of: ClientCertificates.Mode.self) } ?? .require
        let crl = fields["crl"].map { says("off", $0) ? nil : file($0, wants: "`off` or the name of a file") }
        let whole = fields["rfc9440"].map { flag($0) } ?? false
        guard let ca = fields["ca"] else {
            report(
                "`client` wants the file of the authorities, `ca`", suggestion: "for example `ca: clients-ca.pem`",
                at: field.place)
            return nil
        }
        guard let path = file(ca, wants: "the name of a file"), let mode, let whole else { return nil }
        var result = ClientCertificates(ca: path, mode: mode, crl: crl ?? nil, location: ca.node.location)
        result.crlLocation = fields["crl"]?.node.location
        result.rfc9440 = whole
        return result
    }

    /// Remembers where a value was written that stands for several.
    mutating func noteHead(of field: Field) { note(field.path, line: (field.keyLocation ?? field.place).line) }

    /// Where a listener sends its clients: `https`, or a map with a port and a status.
    mutating func redirectToTLS(_ field: Field) -> RedirectToTLS? {
        let wants = "`https` or a map such as `{ to: https, port: 8443 }`"
        guard isMap(field) else {
            noteHead(of: field)
            return target(field.lengthened(to: "to"), wants: wants) ? RedirectToTLS() : nil
        }
        guard let fields = map(field, .redirectToTLS) else { return nil }
        noteHead(of: field)
        var result = RedirectToTLS()
        result.port = fields["port"].flatMap { says("auto", $0) ? nil : number($0, in: 1...65_535, wants: "a port") }
        result.status = fields["status"].flatMap { statusOfRedirect($0) }
        guard let to = fields["to"] else {
            report("`redirect` wants `to`", suggestion: "write `to: https`", at: field.place)
            return nil
        }
        return target(to, wants: "`https`") ? result : nil
    }

    /// A number, or `auto`.
    private mutating func statusOfRedirect(_ field: Field) -> Int? {
        if says("auto", field) { return nil }
        guard let status = number(field, wants: "`auto` or a status such as 308") else { return nil }
        if ![301, 302, 307, 308].contains(status) {
            report(
                "a redirect to https has no status \(status)", suggestion: "write 301, 302, 307, 308 or `auto`",
                at: field.place)
        }
        return status
    }

    private mutating func target(_ field: Field, wants: String) -> Bool {
        if says("https", field) { return true }
        let isURL = field.node.scalar?.text.contains("/") ?? false
        let cure = "a listener keeps host and path; another address is a matter of a domain's `redirect`"
        mismatch(field, wants: wants, suggestion: isURL ? cure : nil)
        return false
    }

    /// What the whole proxy tells browsers; nil for nothing.
    mutating func hsts(_ field: Field) -> StrictTransport? {
        if case .on(let settings) = hstsChoice(field) { settings } else { nil }
    }

    /// `off`, `on`, a time, or a map.
    mutating func hstsChoice(_ field: Field) -> StrictTransportChoice {
        if says("off", field) { return .off }
        if says("on", field) { return .on(StrictTransport()) }
        var settings = StrictTransport()
        noteHead(of: field)
        guard isMap(field) else {
            let isYes = ["true", "yes"].contains(field.node.scalar?.text)
            guard field.node.scalar != nil, !isYes else {
                let wants = "`on`, `off`, a time such as `365d`, or a map"
                mismatch(field, wants: wants, suggestion: isYes ? "write `on`" : nil)
                return .off
            }
            if let age = maxAge(field.lengthened(to: "max_age")) { settings.maxAge = age }
            return .on(settings)
        }
        guard let fields = map(field, .hsts) else { return .off }
        let before = problems.count
        if let age = fields["max_age"].flatMap({ maxAge($0) }) { settings.maxAge = age }
        if let value = fields["include_subdomains"].flatMap({ flag($0) }) { settings.includesSubdomains = value }
        if let value = fields["preload"].flatMap({ flag($0) }) { settings.preload = value }
        if problems.count == before, let problem = settings.problem {
            let place = settings.preload ? fields["preload"]?.place : fields["max_age"]?.place
            report(problem.message, suggestion: problem.suggestion, at: place ?? field.place)
        }
        return .on(settings)
    }

    /// Zero, unlike for a wait, has a meaning: browsers forget what they were told.
    private mutating func maxAge(_ field: Field) -> Duration? {
        if says("0s", field) { return .zero }
        guard let age = duration(field, atMost: StrictTransport.longest) else { return nil }
        guard age.components.attoseconds == 0 else {
            report("\(field.label) is counted in seconds", suggestion: "write `1s` or more", at: field.place)
            return nil
        }
        return age
    }
}
