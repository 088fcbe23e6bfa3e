// What an embedding program's hook sees and what becomes of its decisions.
// Routes without a hook are in DomainTests.

import RelevoPolicy
import RelevoProxy
import TestSupport
import Testing

extension Integration {
    @Suite("Hooks") struct Hooks {
        /// Sends a request through a hook; says what the origin received and what the client got.
        private func through(
            _ hook: @escaping RequestHook, fields: String = ""
        ) async throws -> (received: String, response: RawResponse) {
            let origin = try Origin.ok()
            var result: RawResponse?
            try await withProxy(.loopback([.to("a.example", origin)])) {
                $0.hook = hook
            } _: { proxy in
                result = try ask(proxy, "GET /x?y=1 HTTP/1.1\r\nHost: A.example:80\r\n\(fields)\r\n")
            }
            return (origin.connections.first?.request() ?? "", try #require(result))
        }

        @Test("a hook sees method, host in normal form, target, client and every field")
        func reads() async throws {
            let seen = Watched<HookRequest?>(nil)
            _ = try await through(
                { request in
                    let copy = request
                    seen.change { $0 = copy }
                    return .forward
                }, fields: "X-A: 1\r\nx-a: 2\r\n")
            let request = try #require(seen.current)
            #expect(request.method == "GET")
            #expect(request.host == "a.example")
            #expect(request.target == "/x?y=1")
            #expect(request.clientAddress == "127.0.0.1")
            #expect(request.fields.map(\.name) == ["Host", "X-A", "x-a"])
            #expect(request.field("X-a") == "1")
        }

        @Test("fields are added, replaced and removed for the origin")
        func edits() async throws {
            let (received, response) = try await through(
                { request in
                    request.addField("X-Added", "yes")
                    request.setField("X-Set", "new")
                    request.removeField("X-Gone")
                    return .forward
                }, fields: "X-Set: old\r\nx-set: older\r\nX-Gone: 1\r\nX-Stays: 1\r\n")
            #expect(response.status == 200)
            #expect(HTTPText.values(of: "x-added", in: received) == ["yes"])
            #expect(HTTPText.values(of: "x-set", in: received) == ["new"])
            #expect(HTTPText.values(of: "x-gone", in: received) == [])
            #expect(HTTPText.values(of: "x-stays", in: received) == ["1"])
        }

        @Test("RFC 9110 §7.6.1: a client's Connection field cannot take away what the hook added")
        func connectionCannotUndo() async throws {
            let (received, _) = try await through(
                { request in
                    request.setField("X-User", "alice")
                    return .forward
                }, fields: "X-User: mallory\r\nConnection: X-User\r\n")
            #expect(HTTPText.values(of: "x-user", in: received) == ["alice"])
        }

        @Test(
            "fields that frame the message or belong to one hop cannot be edited",
            arguments: [
                "Host", "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "TE", "Trailer", "keep-alive",
            ])
        func reserved(_ name: String) async throws {
            let (received, response) = try await through { request in
                request.setField(name, "17")
                return .forward
            }
            #expect(response.status == 200)
            #expect(!HTTPText.values(of: name, in: received).contains("17"))
            #expect(HTTPText.values(of: "host", in: received).count == 1)
        }

        @Test(
            "names and values that no field can have are ignored",
            arguments: [
                ("X Y", "1"), ("", "1"), ("X:", "1"), ("X-A", "a\r\nX-Evil: 1"), ("X-A", "a\nX-Evil: 1"),
                ("X-A", "a\0b"),
                ("X\r\nX-Evil", "1"),
            ])
        func invalid(_ name: String, _ value: String) async throws {
            let (received, response) = try await through { request in
                request.addField(name, value)
                return .forward
            }
            #expect(response.status == 200)
            #expect(!received.lowercased().contains("x-evil"))
            #expect(HTTPText.values(of: "x-a", in: received) == [])
        }

        @Test("a hook answers by itself, and the connection goes on")
        func responds() async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("a.example", origin)])) {
                $0.hook = { $0.target == "/no" ? .respond(HookResponse(status: 403, body: "not you")) : .forward }
            } _: { proxy in
                let client = try proxy.client()
                try client.get("a.example", "/no")
                let response = try client.response()
                #expect(response.status == 403)
                #expect(response.text == "not you")
                #expect(origin.connectionCount == 0)
                try client.get("a.example", "/yes")
                #expect(try client.response().text == "ok")
            }
        }

        @Test("an answer with a status that no answer can have becomes 500", arguments: [0, 99, 101, 199, 600, -1])
        func badStatus(_ status: Int) async throws {
            let (_, response) = try await through { _ in .respond(HookResponse(status: status)) }
            #expect(response.status == 500)
        }

        @Test("an answer carries the hook's fields, but none that frame it, name its date or break its lines")
        func answerFields() async throws {
            let (_, response) = try await through { _ in
                .respond(
                    HookResponse(
                        status: 401, body: "who?",
                        fields: [
                            ("WWW-Authenticate", "Basic"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"),
                            ("Content-Length", "400"), ("Transfer-Encoding", "chunked"), ("Connection", "close"),
                            ("Date", "never"), ("X-A", "1\r\nX-Evil: 1"), ("X-B\r\nX-Evil", "1"), ("X Y", "1"),
                        ]))
            }
            #expect(response.text == "who?")
            #expect(HTTPText.values(of: "www-authenticate", in: response.head) == ["basic"])
            #expect(HTTPText.values(of: "set-cookie", in: response.head) == ["a=1", "b=2"])
            #expect(HTTPText.values(of: "content-length", in: response.head) == ["4"])
            #expect(HTTPText.values(of: "transfer-encoding", in: response.head) == [])
            #expect(HTTPText.values(of: "connection", in: response.head) == [])
            #expect(HTTPText.values(of: "date", in: response.head).count == 1)
            #expect(!response.head.lowercased().contains("x-evil"))
        }

        @Test("a content type with a line break is not sent")
        func badContentType() async throws {
            let (_, response) = try await through { _ in
                .respond(HookResponse(status: 200, body: "x", contentType: "text/plain\r\nX-Evil: 1"))
            }
            #expect(response.field("X-Evil") == nil)
            #expect(response.text == "x")
        }

        @Test(
            "a hook chooses a cluster, for a domain that nobody configured too",
            arguments: ["a.example", "new.example"])
        func choosesCluster(_ host: String) async throws {
            let origin = try Origin.ok("routes")
            let chosen = try Origin.ok("chosen")
            let configuration = ProxyConfiguration.loopback([.to("a.example", origin)]) {
                $0.clusters = [.init("special", endpoints: [.init(chosen.text)])]
            }
            try await withProxy(configuration) {
                $0.hook = { _ in .cluster("special") }
            } _: { proxy in
                let response = try ask(proxy, "GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                #expect(response.text == "chosen")
                #expect(origin.connectionCount == 0)
            }
        }

        @Test("a cluster that does not exist means 503")
        func unknownCluster() async throws {
            let (received, response) = try await through { _ in .cluster("nowhere") }
            #expect(response.status == 503)
            #expect(response.code == "endpoint.none_healthy")
            #expect(received.isEmpty)
        }

        @Test("a hook is never asked about a request that is not valid")
        func notForInvalid() async throws {
            let asked = Flag()
            let origin = try Origin.ok()
            try await withProxy(.loopback([.to("a.example", origin)])) {
                $0.hook = { _ in
                    asked.set(true)
                    return .forward
                }
            } _: { proxy in
                let response = try ask(proxy, "GET / HTTP/1.1\r\nHost: a.example\r\nHost: a.example\r\n\r\n")
                #expect(response.status == 400)
                #expect(!asked.isSet)
            }
        }

        @Test("edits of a hook reach a classic domain's origin, whose other bytes stay as they were")
        func editsInClassicMode() async throws {
            let origin = try Origin.ok()
            try await withProxy(.loopback([.classic("a.example", origin)])) {
                $0.hook = { request in
                    request.addField("X-Added", "1")
                    request.removeField("X-Gone")
                    return .forward
                }
            } _: { proxy in
                let client = try proxy.client()
                try client.send("GET / HTTP/1.1\r\nhOST:  a.example\r\nX-Gone: 1\r\nX-Stays:\t1\r\n\r\n")
                #expect(try client.response().status == 200)
                let received = try origin.connection().request()
                #expect(received.contains("hOST:  a.example\r\nX-Stays:\t1\r\n"))
                #expect(HTTPText.values(of: "x-added", in: received) == ["1"])
                #expect(HTTPText.values(of: "x-gone", in: received) == [])
            }
        }
    }
}
