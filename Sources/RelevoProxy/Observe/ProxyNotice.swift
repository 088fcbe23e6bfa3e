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
    /// A name has no address: its endpoint is down. Looked up again after a while.
    case nameUnresolved(String, reason: String)
    /// A name has addresses.
    case nameResolved(String, [SocketAddress])
    /// What is known about an endpoint's health has changed.
    case healthChanged(cluster: String, HealthChange)
    /// Descriptors allow fewer client connections than are configured.
    case connectionsBounded(Int, descriptors: Int)
    /// Lines of the access log could not be written.
    case logLinesDropped(Int)
}
