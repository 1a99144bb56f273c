import CLua
import Testing

/// The invariants at the top of CLua.h, seen from outside.
@Suite struct BoundaryTests {
    /// A host whose behaviour is the number of its function, and what it has seen.
    final class Host {
        var entered = 0
        var deepest = 0
        var released: [UInt64] = []
        /// Results live here until the next call.
        let text = UnsafeMutablePointer<CChar>.allocate(capacity: 64)
        let values = UnsafeMutablePointer<clua_value>.allocate(capacity: 4)
        private var next: UInt64 = 1

        deinit {
            text.deallocate()
            values.deallocate()
        }

        func answer(_ call: UnsafeMutablePointer<clua_call>) -> Bool {
            entered += 1
            deepest = max(deepest, entered)
            defer { entered -= 1 }
            // Whatever the last call gave is no longer Lua's business.
            for index in 0..<64 { text[index] = 0x7A }
            switch call.pointee.function {
            case 0: return false
            case 1:
                var object = clua_value()
                object.kind = CLUA_OBJECT
                object.handle = next
                next += 1
                values[0] = object
            default:
                var string = clua_value()
                string.kind = CLUA_STRING
                string.bytes = UnsafePointer(text)
                string.count = 64
                values[0] = string
                for index in 0..<64 { text[index] = CChar(truncatingIfNeeded: 97 + call.pointee.argument_count) }
            }
            call.pointee.results = UnsafePointer(values)
            call.pointee.result_count = 1
            return true
        }
    }

    private func withSession(
        memory: Int = 16 << 20, failAt: UInt64 = 0, isOnce: Bool = false, _ body: (OpaquePointer, Host) -> Void
    ) -> Host {
        let host = Host()
        var raw = clua_host(
            context: Unmanaged.passUnretained(host).toOpaque(),
            call: { context, call in
                guard let context, let call else { return false }
                return Unmanaged<Host>.fromOpaque(context).takeUnretainedValue().answer(call)
            },
            release: { context, _, handle in
                guard let context else { return }
                Unmanaged<Host>.fromOpaque(context).takeUnretainedValue().released.append(handle)
            })
        var limits = clua_limits(
            memory: memory, instructions: 5_000_000, seconds: 2, fail_at_allocation: failAt, fails_once: isOnce)
        guard let session = clua_open(&limits, &raw) else { return host }
        defer { clua_close(session) }
        guard clua_add_type(session, "thing", 0), clua_add_function(session, "f", "fails", 0),
            clua_add_function(session, "f", "makes", 1), clua_add_function(session, "f", "text", 2)
        else {
            #expect(clua_top(session) == 0)
            return host
        }
        body(session, host)
        return host
    }

    private func run(_ session: OpaquePointer, _ code: String) -> clua_status {
        let status = clua_run(session, "local f = (...).f\n" + code, code.utf8.count + 18, "@test")
        #expect(clua_top(session) == 0)
        return status
    }

    @Test func everyEndOfARunLeavesTheStackAsItWas() {
        _ = withSession { session, _ in
            for _ in 0..<1000 {
                #expect(run(session, "return f.text(1, 2)") == CLUA_OK)
                #expect(run(session, "f.fails({ { 1 }, 2 }, 'a')") == CLUA_HOST_ERROR)
                #expect(run(session, "error 'a'") == CLUA_ERROR)
                #expect(run(session, "error {}") == CLUA_ERROR)
                #expect(run(session, "local = 1") == CLUA_ERROR)
                #expect(run(session, "local t = {} t[1] = t f.text(t)") == CLUA_ERROR)
                #expect(run(session, "return coroutine") == CLUA_OK)
            }
            #expect(run(session, "while true do end") == CLUA_INSTRUCTION_LIMIT)
            #expect(run(session, "local t = {} while true do t = { t } end") == CLUA_MEMORY_LIMIT)
            #expect(run(session, "return 1") == CLUA_OK)
        }
    }

    @Test func resultsAreCopiedBeforeTheHostIsEnteredAgain() {
        _ = withSession { session, _ in
            let code = """
                local parts = {}
                for i = 1, 20 do parts[i] = f.text(table.unpack({}, 1, i)) end
                for i = 1, 20 do assert(parts[i] == string.char(97 + i):rep(64)) end
                return parts[20]
                """
            #expect(run(session, code) == CLUA_OK)
            var count = 0
            let results = clua_results(session, &count)
            #expect(count == 1 && results?[0].count == 64)
            #expect(results?[0].bytes[63] == 117)
        }
    }

    @Test func theHostIsNeverEnteredWhileItIsInside() {
        let host = withSession { session, host in
            // Finalizers run while a call's own arguments and results are being made.
            let code = "for i = 1, 5000 do local a = f.makes({ f.makes(), f.text() }, f.makes()) end"
            #expect(run(session, code) == CLUA_OK)
            #expect(host.deepest == 1 && !host.released.isEmpty)
        }
        #expect(host.released.count == 15_000)
    }

    @Test(arguments: [
        "for i = 1, 100 do f.makes() end", "local a = f.makes() error 'a'", "local a = f.makes() f.fails(a)",
        "local t = {} while true do t[#t + 1] = f.makes() end", "local a = f.makes() local = 1",
        "local t = {} for i = 1, 100 do t[i] = f.makes() end f.text(t) local u = {} u[1] = u f.text(f.makes(), u)",
    ])
    func everyObjectIsReleasedOnce(_ code: String) {
        let host = withSession(memory: 4 << 20) { session, _ in _ = run(session, code) }
        #expect(Set(host.released).count == host.released.count)
        if !code.contains("local =") { #expect(!host.released.isEmpty) }
    }

    @Test(arguments: [true, false])
    func noRefusedAllocationLeavesTheProtectedCall(_ isOnce: Bool) {
        let code = "local t = {} for i = 1, 20 do t[i] = f.makes({ i, a = 'x' }, f.text()) end return #t, { t = 'a' }"
        for number in 1...900 {
            let host = withSession(failAt: UInt64(number), isOnce: isOnce) { session, _ in
                let status = run(session, code)
                #expect(status == CLUA_OK || status == CLUA_MEMORY_LIMIT, "\(number)")
            }
            #expect(Set(host.released).count == host.released.count)
        }
    }

    @Test func anInterruptEndsARun() {
        _ = withSession { session, _ in
            clua_interrupt(session)
            #expect(run(session, "while true do end") == CLUA_INTERRUPTED)
        }
    }
}
