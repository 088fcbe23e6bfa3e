// Where the proxy can be asked and given orders, and as whom it runs.
// Which addresses are good for that is checked by `SnapshotBuilder`.

import RelevoPolicy

extension ConfigurationReader {
    /// `off`, an address, or a map with one.
    mutating func admin(_ field: Field) -> AdminSettings? {
        let example = "unix:/run/relevo/admin.sock"
        guard !says("off", field) else { return nil }
        guard case .map = field.node.content else {
            let address = text(field, wants: "an address", suggestion: "for example `\(example)`")
            return address.map { AdminSettings($0, location: field.node.location) }
        }
        guard let fields = map(field, .admin) else { return nil }
        guard let value = fields["address"] else {
            report("`admin` wants an `address`", suggestion: "for example `\(example)`", at: field.place)
            return nil
        }
        guard let address = text(value, wants: "an address", suggestion: "for example `\(example)`") else { return nil }
        var settings = AdminSettings(address, location: value.node.location)
        settings.tokenFile = fields["token_file"].flatMap { file($0) }
        return settings
    }

    /// A user, and perhaps a group.
    mutating func user(_ field: Field) -> ProcessUser? {
        guard !says("off", field) else { return nil }
        return text(field, wants: "a user", suggestion: "for example `relevo` or `relevo:www-data`").map {
            ProcessUser($0, location: field.node.location)
        }
    }
}
