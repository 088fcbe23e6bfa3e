// docs/errors.md against the table of faults: what operators read is what the program does.
// The words of the page are not judged here.

import Foundation
import RelevoPolicy
import Testing

@Suite struct ErrorPageTests {
    /// The rows of the page: code and status.
    private func rows() throws -> [String: String] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/errors.md"), encoding: .utf8)
        var rows: [String: String] = [:]
        for line in page.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            let code = cells[0].trimmingCharacters(in: CharacterSet(charactersIn: "`"))
            if code.contains("."), cells.count > 1 { rows[code] = cells[1] }
        }
        return rows
    }

    @Test("every fault has its row with its status, and no row is about anything else")
    func complete() throws {
        let rows = try rows()
        for fault in Fault.allCases {
            let row = rows[fault.rawValue]
            #expect(row?.contains(String(fault.row.status)) == true, "\(fault.rawValue): \(row ?? "missing")")
        }
        #expect(Set(rows.keys).subtracting(Fault.allCases.map(\.rawValue)) == [])
    }
}
