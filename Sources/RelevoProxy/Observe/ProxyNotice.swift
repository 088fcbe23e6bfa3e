// What the data plane has to tell its operator besides the access log.
// How it is written down is the facade's matter.

package import CLibevent
package import RelevoPolicy

/// News for the operator.
package enum ProxyNotice: Sendable {
    /// A listener rests because descriptors or buffers have run out.
    case acceptingPaused(SocketAddress, SystemError)
    /// It goes on.
    case acceptingResumed(SocketAddress)
    /// A worker has as many client connections as it may have, and none of them waits for its next request: new ones
    /// wait in the system.
    case connectionsFull(Int)
    /// A peer that has to say whose connection it is, by a header of the PROXY protocol, has not; so many have not
    /// since it was told last. Every ten seconds at most.
    case proxyHeadersRefused(SocketAddress, reason: String, count: Int)
    /// A worker has as many TLS handshakes in progress as it may have: new clients wait in the system.
    case handshakesFull(Int)
    /// TLS handshakes with clients have failed since this was last told.
    case handshakesFailed(HandshakeReport)
    /// A name was not found out for the first time since it last was: its endpoint keeps the addresses that it has, if
    /// any.
    case nameUnresolved(String, reason: String)
    /// A name has other addresses than before.
    case nameResolved(String, [SocketAddress])
    /// A name is found out again, and its addresses are those from before.
    case nameAnswers(String)
    /// A nameserver has said for minutes that there is no such name: its endpoint has no address any more.
    case nameGone(String)
    /// What is known about an endpoint's health has changed.
    case healthChanged(cluster: String, HealthChange)
    /// Descriptors allow fewer client connections than are configured.
    case connectionsBounded(Int, descriptors: Int)
    /// Something about files that are read again.
    case file(FileNotice)
    /// Something about where requests are written down.
    case outlet(OutletNotice)
}
