// How the OpenSSL library itself is set up in this process.
// Not for contexts or connections.

import COpenSSL

/// The library, for those who are the first to use it.
enum OpenSSLLibrary {
    /// Sets it up, once in a process: `OPENSSL_init_crypto(3)`.
    ///
    /// It must not tear itself down at `exit`: threads that serve would still be in it, and a server that embeds this
    /// library may well return from `main` while they do. What it holds goes with the process. If other code of the
    /// process has used OpenSSL before, that code has chosen.
    static func prepare() { once }

    private static let once: Void = {
        OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
    }()
}
