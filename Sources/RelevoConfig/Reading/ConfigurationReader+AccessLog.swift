// The access log: its form, its place, and what of it is written.
// The values and their meaning: AccessLogSettings.

import RelevoPolicy

extension ConfigurationReader {
    /// Whether, how and where requests are logged.
    mutating func accessLog(_ field: Field) -> AccessLog? {
        if says("off", field) { return .off }
        guard let fields = map(field, .accessLog, wants: "`off` or a map such as `{ format: json, to: stdout }`") else {
            return nil
        }
        var result = AccessLogSettings()
        take("format", of: fields, into: &result.format) { $0.choice($1, of: AccessLogSettings.Format.self) }
        take("template", of: fields, into: &result.template) { $0.logTemplate($1) }
        if fields["template"] != nil, let format = fields["format"] {
            report("`format` says nothing beside `template`", suggestion: "remove it", at: format.place)
        }
        take("to", of: fields, into: &result.target) { $0.logTarget($1) }
        take("only", of: fields, into: &result.only) { $0.choice($1, of: AccessLogSettings.Selection.self) }
        takeUnlessOff("slower_than", of: fields, into: &result.slowerThan) { $0.duration($1) }
        take("sample", of: fields, into: &result.sample) { $0.percentage($1) }
        take("redact", of: fields, into: &result.redacted) { $0.redactions($1) }
        return .lines(result)
    }

    private mutating func logTemplate(_ field: Field) -> LogTemplate? {
        let suggestion = "for example `'{client} {method} {target} {status}'`"
        guard let text = text(field, wants: "a text with fields in braces", suggestion: suggestion) else { return nil }
        do throws(LogTemplateError) {
            return try LogTemplate(text)
        } catch {
            report("\(field.label) cannot be used: \(error)", suggestion: error.suggestion, at: field.place)
            return nil
        }
    }

    private mutating func logTarget(_ field: Field) -> AccessLogSettings.Target? {
        let suggestion = "for example `/var/log/relevo/access.log`"
        guard let word = text(field, wants: "`stdout`, `syslog` or a path", suggestion: suggestion) else { return nil }
        if word == "stdout" { return .standardOutput }
        if let syslog = Syslog(word) { return .syslog(syslog) }
        if word.hasPrefix("syslog:") {
            let names = Syslog.Facility.allCases.map(\.rawValue)
            report(
                "\(field.label) \(word.quoted) has no facility of syslog",
                suggestion: "`syslog:` and one of \(names.joined(separator: ", "))", at: field.place)
            return nil
        }
        if word.hasPrefix("/"), !word.hasSuffix("/") { return .file(word) }
        report(
            "\(field.label) \(word.quoted) is neither `stdout` nor `syslog` nor a whole path", suggestion: suggestion,
            at: field.place)
        return nil
    }

    private mutating func redactions(_ field: Field) -> Set<AccessLogSettings.Redaction>? {
        if says("off", field) { return [] }
        let wants = "`off` or a list such as `[client, query]`"
        let items = list(field, of: "something to leave out", wants: wants) ?? []
        return Set(items.compactMap { choice($0, of: AccessLogSettings.Redaction.self) })
    }
}
