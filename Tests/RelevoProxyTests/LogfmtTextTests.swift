// JSON lines as pairs.
// What stands in the lines of the access log: AccessLogLine.

@testable import RelevoProxy
import Testing

@Suite struct LogfmtTextTests {
    @Test(
        "objects become pairs, whatever their values hold",
        arguments: [
            (#"{"a":"b","n":12,"t":true}"#, "a=b n=12 t=true"),
            (#"{"a":"","b":"x y","c":"k=v"}"#, #"a="" b="x y" c="k=v""#),
            (#"{"a":"q\"x","b":"\\","c":"\u0001"}"#, #"a="q\"x" b="\\" c="\u0001""#),
            (#"{"l":[{"e":"a,b}]","n":1.5},{}],"z":0}"#, #"l="[{\"e\":\"a,b}]\",\"n\":1.5},{}]" z=0"#),
            ("{}", ""),
        ])
    func pairs(_ object: String, _ expected: String) {
        var output: [UInt8] = []
        LogfmtText.append(Array((object + "\n").utf8), to: &output)
        #expect(String(decoding: output, as: UTF8.self) == expected + "\n")
    }

    @Test("what is cut off anywhere does no harm")
    func cut() {
        let object = Array(#"{"a":"q\"x","l":[{"e":"a"}],"n":1}"#.utf8)
        for count in 0...object.count {
            var output: [UInt8] = []
            LogfmtText.append(Array(object.prefix(count)), to: &output)
            #expect(output.last == 0x0A)
        }
    }
}
