// When files are looked at again and what is said of them when. Nobody has to configure it; tests have other paces.
// What happens then: FileWatcher, CertificateRenewal.

package import CLibevent

/// Times of what happens to files that are followed.
package struct FilePace: Sendable {
    /// Silence after a change before files are read: certificate and key change one after the other.
    package var quiet = Duration.milliseconds(300)
    /// How long changes that never cease are kept back.
    package var most = Duration.seconds(3)
    /// How often files are looked at all the same: file servers tell of nothing.
    package var look = Duration.seconds(60)
    /// The same where the system does not tell of changes.
    package var unwatchedLook = Duration.seconds(10)
    /// Directories that are watched at most.
    package var directories = 65_536
    /// How long files that do not fit together may stay so before that is said: the other one may be on its way.
    package var patience = Duration.seconds(5)
    /// How often they are read again meanwhile.
    package var retry = Duration.seconds(1)
    /// How often it is looked whether something ends.
    package var tick = Duration.seconds(600)
    /// How long the same is not said again, in seconds: a day, less what ticks may be late.
    package var silence: Int64 = 86_400 - 600
    /// The wall clock.
    package var clock: @Sendable () -> WallTime = { .now }

    /// The times of every day.
    package init() {}
}
