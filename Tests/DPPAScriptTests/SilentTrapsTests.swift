import DPPAScript
import Testing

/// What Lua decides in silence about fields, and what only looks like it.
@Suite struct SilentTrapsTests {
    private static let setup = """
        local dppa = require "dppa.v1"
        local abs, mean = dppa.abs, dppa.mean
        local base, law = dppa.model "base", dppa.model "law"
        local delta, size = law - base, abs(law - base)
        local m1, m2 = size:gt(1), ~size:lt(2)

        """

    @Test(arguments: [
        ("if m1 then print(1) end", "`if m1` sees every field as true"),
        ("if m1 and m2 then print(1) end", "`if m2` sees every field as true"),
        ("if not m1 then print(1) end", "note: a mask is turned around by ~m1"),
        ("if dppa.mean(size, \"model\") then print(1) end", "`if dppa.mean(size, \"model\")` sees every field as true"),
        ("if (mean(size, \"model\") - 1) then print(1) end", "sees every field as true"),
        ("while m1 do print(1) end", "`while m1` sees"),
        (
            "local both = m1 and m2",
            "`m1 and m2` is m2, because Lua sees every field as true\nnote: masks are joined by m1 & m2"
        ),
        ("local any = m1 or m2", "`m1 or m2` is m1"),
        ("local kept = size:gt(2) and delta or 0", "`size:gt(2) and delta` is delta"),
        (
            "return dppa.where(not m1, delta, 0)",
            "`not m1` is false for every field\nnote: a mask is turned around by ~m1"
        ),
        ("local other = not size:gt(3)", "~size:gt(3)"),
        ("local same = delta == 0", "Lua decides `delta == 0` once"),
        ("local same = 0 ~= abs(delta)", "abs(delta):ne(…)"),
        ("if mean(size, \"model\") == 0 then print(1) end", "Lua decides `mean(size, \"model\") == 0` once"),
    ])
    func aTrapIsNamed(_ line: String, _ expected: String) {
        let found = SilentTraps.warnings(Self.setup + line, file: "r.lua")
        #expect(found.contains { $0.hasPrefix("r.lua:6: warning: ") && $0.contains(expected) }, "\(found)")
    }

    @Test(arguments: [
        "if mean(size, \"model\"):value() > 1 then print(1) end", "local sum sum = sum and sum + delta or delta",
        "for _, m1 in ipairs { 1 } do if m1 then print(1) end end", "local function f(m1) if m1 then return 1 end end",
        "if delta == nil then print(1) end", "local t = { m1 = true } if t.m1 then print(1) end",
        "local m1 = true if m1 then end",
        "if dppa.label(law) == \"law\" then print(1) end", "print(\"if m1 then\") --if m1 then",
        "local m1 if m1 then end",
        "local n = dppa.score(law, \"a\") or 0", "local names = dppa.space(law) == \"model\"",
        "local o = given and given.m1 or 1",
        "local share = dppa.per_tensor(delta, function(t) return t.depth or 0 end)",
    ])
    func whatOnlyLooksLikeOneIsNone(_ line: String) {
        // What a line binds counts on the next.
        let lines = line.replacingOccurrences(of: " if ", with: "\nif ")
        #expect(SilentTraps.warnings(Self.setup + lines, file: "r.lua").isEmpty)
    }
}
