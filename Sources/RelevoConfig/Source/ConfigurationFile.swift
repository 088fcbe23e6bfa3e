// The bytes of a file, with a bound and with words for why there are none.
// What the bytes mean is not known here.

import Foundation  // tidy: imports: the way to read a file without raw pointers
import RelevoPolicy

/// Reading of configuration files.
enum ConfigurationFile {
    /// All bytes of a file or pipe; links are followed.
    static func read(_ path: String, maxBytes: Int) throws(ConfigurationProblem) -> [UInt8] {
        do {
            let resolved = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            let type = try? FileManager.default.attributesOfItem(atPath: resolved)[.type] as? FileAttributeType
            guard type != .typeDirectory else {
                throw ConfigurationProblem(
                    "\(path.quoted) is a directory", suggestion: "name the configuration file in it")
            }
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            let bytes = try handle.read(upToCount: maxBytes + 1) ?? Data()
            guard bytes.count <= maxBytes else {
                throw ConfigurationProblem("\(path.quoted) is larger than \(SizeText.write(maxBytes))")
            }
            return [UInt8](bytes)
        } catch let problem as ConfigurationProblem {
            throw problem
        } catch {
            throw problem(of: error, path)
        }
    }

    private static func problem(of error: any Error, _ path: String) -> ConfigurationProblem {
        switch (error as? CocoaError)?.code {
        case .fileReadNoSuchFile, .fileNoSuchFile:
            ConfigurationProblem("there is no file \(path.quoted)")
        case .fileReadNoPermission:
            ConfigurationProblem(
                "\(path.quoted) may not be read by this user", suggestion: "change its owner or its mode")
        default: ConfigurationProblem("\(path.quoted) cannot be read")
        }
    }

    /// Where bytes stop being UTF-8.
    static func encodingProblem(of bytes: [UInt8], _ path: String) -> ConfigurationProblem {
        var codec = UTF8()
        var iterator = bytes.makeIterator()
        var valid = 0
        while case .scalarValue = codec.decode(&iterator) { valid += 1 }
        // The replaced text has the same characters up to the first that is not UTF-8.
        let (line, column) = SourceText(String(decoding: bytes, as: UTF8.self)).place(of: valid)
        return ConfigurationProblem(
            "the file is not in UTF-8", suggestion: "save it as UTF-8",
            location: SourceLocation(file: path, line: line, column: column))
    }
}
