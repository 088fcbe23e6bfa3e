// Whether this machine knows any authorities. In a bare container it does not: then nothing follows from not finding
// one.
// Which they are is OpenSSL's matter.

import COpenSSL
import Glibc

extension TLSAuthorities {
    /// Whether there is a file or a directory with authorities where OpenSSL looks for those of the system.
    public static var systemHasAny: Bool {
        let file = place(X509_get_default_cert_file_env(), X509_get_default_cert_file())
        if access(file, R_OK) == 0 { return true }
        let directories = place(X509_get_default_cert_dir_env(), X509_get_default_cert_dir())
        return directories.split(separator: ":").contains { hasCertificates(String($0)) }
    }

    private static func place(_ variable: UnsafePointer<CChar>?, _ standard: UnsafePointer<CChar>?) -> String {
        (variable.flatMap { UnsafePointer(getenv($0)) } ?? standard).map { String(cString: $0) } ?? ""
    }

    /// Whether a directory has an entry in the form in which OpenSSL looks for certificates: `4042bcee.0`.
    private static func hasCertificates(_ directory: String) -> Bool {
        guard let stream = opendir(directory) else { return false }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { memory in
                String(decoding: memory.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.utf8.count == 10, name.hasSuffix(".0") { return true }
        }
        return false
    }
}
