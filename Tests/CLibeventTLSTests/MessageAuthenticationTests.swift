// Message authentication codes against the published examples.
// RFC 4231 §4.

import CLibeventTLS
import Testing

@Suite struct MessageAuthenticationTests {
    private func hex(_ bytes: [UInt8]?) -> String {
        (bytes ?? []).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test("RFC 4231: the codes of its test cases 1, 2 and 6")
    func examples() {
        let first = MessageAuthentication.sha256(Array("Hi There".utf8), key: [UInt8](repeating: 0x0B, count: 20))
        #expect(hex(first) == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        let second = MessageAuthentication.sha256(
            Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(hex(second) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let long = MessageAuthentication.sha256(
            Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            key: [UInt8](repeating: 0xAA, count: 131))
        #expect(hex(long) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test("an empty message and an empty key have a code, too")
    func empty() {
        let code = MessageAuthentication.sha256([], key: [])
        #expect(hex(code) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }
}
