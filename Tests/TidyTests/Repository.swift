// Finds and reads the files of this repository: those that git knows or would add, or without git all that no build
// made. What is wrong with them is said by `Inspection.swift`.

import Foundation

/// The files of this repository and what is wrong with them.
struct Repository {
    let root: URL
    /// Paths below the root, in order.
    let paths: [String]
    let findings: [Finding]

    /// Read once: every test looks at the same state.
    static let shared = Repository(root: URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL)

    init(root: URL) {
        self.root = root
        let paths = Repository.listed(by: root) ?? Repository.walked(root)
        self.paths = paths
        let roadmap = Repository.text(root, "docs/roadmap.md") ?? ""
        findings = paths.flatMap { path -> [Finding] in
            guard let text = Repository.text(root, path) else { return [] }
            return path.hasSuffix(".swift")
                ? inspect(text, path: path, roadmap: roadmap) : inspectText(text, path: path)
        }
    }

    /// The text of a file of at most a mebibyte; nothing if it is gone, larger, or not UTF-8.
    private static func text(_ root: URL, _ path: String) -> String? {
        guard let data = try? Data(contentsOf: root.appending(path: path)), data.count <= 1 << 20 else { return nil }
        return String(validating: data, as: UTF8.self)
    }

    /// What git tracks or would add; `nil` if there is no git or no repository.
    private static func listed(by root: URL) -> [String]? {
        let git = Process()
        let output = Pipe()
        git.executableURL = URL(filePath: "/usr/bin/env")
        git.arguments = ["git", "-C", root.path, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        // In a hook of git's own, its variables would name another repository.
        git.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GIT_") }
        git.standardInput = FileHandle.nullDevice
        git.standardOutput = output
        git.standardError = FileHandle.nullDevice
        guard (try? git.run()) != nil else { return nil }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        git.waitUntilExit()
        guard git.terminationStatus == 0 else { return nil }
        return data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }.sorted()
    }

    /// Every file below the root outside hidden directories, which hold builds and tools.
    private static func walked(_ root: URL) -> [String] {
        let files = FileManager.default.enumerator(atPath: root.path)
        var paths: [String] = []
        while let path = files?.nextObject() as? String {
            let name = path.split(separator: "/").last ?? ""
            let isHidden = name.hasPrefix(".") && name != ".ci"
            if isHidden { files?.skipDescendants() } else { paths.append(path) }
        }
        return paths.sorted()
    }
}
