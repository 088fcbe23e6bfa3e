// What a listener is to those who come to it.
// The sockets are in Worker+Listeners; which listeners stay when others are configured, in ListenerSet.

import CLibeventTLS
import RelevoPolicy

/// How the clients of one listener are met. Another takes its place when certificates or settings change; who has come
/// through the former keeps it. Any thread.
package final class Door: Sendable {
    /// Those of one number admit clients alike: only their certificates may differ.
    let number: Int
    /// What the configuration says.
    let spec: ListenerSpec
    /// How clients are spoken to by TLS; nil for plain HTTP.
    let tls: TLSServerContext?

    init(_ listener: OpenListener, tls: TLSServerContext?) {
        number = listener.number
        spec = listener.spec
        self.tls = tls
    }

    private init(_ door: Door, tls: TLSServerContext?) {
        number = door.number
        spec = door.spec
        self.tls = tls
    }

    /// The same with other certificates.
    func with(_ tls: TLSServerContext?) -> Door { Door(self, tls: tls) }
}
