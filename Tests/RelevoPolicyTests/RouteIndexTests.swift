// The tables behind routing, against what a plain search says.
// What routing means is in RouteTableTests.

import Testing

@testable import RelevoPolicy

@Suite struct RouteIndexTests {
    /// What a prefix takes, in the words of the documentation.
    private func takes(_ prefix: String, _ path: String) -> Bool {
        if prefix == "/" || path == prefix { return true }
        return path.hasPrefix(prefix.hasSuffix("/") ? prefix : prefix + "/")
    }

    @Test("the first prefix that takes a path is the one that a plain search finds")
    func prefixes() {
        var random = RandomSource(seed: 7)
        func path() -> String {
            let parts = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                ["a", "b", "ab"].randomElement(using: &random)!
            }
            return "/" + parts.joined(separator: "/") + (Bool.random(using: &random) && !parts.isEmpty ? "/" : "")
        }
        var found = 0
        for _ in 0..<2000 {
            let prefixes = (0..<Int.random(in: 0...6, using: &random)).map { _ in path() }
            let index = PrefixIndex(prefixes.map { Array($0.utf8) })
            let path = path()
            let start = Int.random(in: 0...prefixes.count, using: &random)
            let expected = prefixes.indices.dropFirst(start).first { takes(prefixes[$0], path) }
            #expect(index.first(from: start, taking: Array(path.utf8)[...]) == expected, "\(prefixes) \(path)")
            if expected != nil { found += 1 }
        }
        #expect((200..<1900).contains(found))
    }

    @Test("of many names each is found, and no other")
    func names() {
        let names = (0..<3000).map { Array("d\($0).example".utf8) }
        let table = HostTable(names.enumerated().map { ($0.element, $0.offset) })
        for (number, name) in names.enumerated() { #expect(table[name[...]] == number) }
        for number in 3000..<6000 { #expect(table[Array("d\(number).example".utf8)[...]] == nil) }
        #expect(table[[]] == nil)
        #expect(HostTable([])[names[0][...]] == nil)
    }
}
