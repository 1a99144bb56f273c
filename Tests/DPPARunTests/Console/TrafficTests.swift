import DPPA
import Foundation
import Testing

/// What a run has moved, in words and numbers.
@Suite("Traffic of a run")
struct TrafficTests {
    @Test(
        "A rate has the unit that suits it, and a size is 0 only when there is nothing",
        arguments: [
            (0, 1.0, "0 kB", "0.00 kB/s"), (1, 1, "1 kB", "0.00 kB/s"), (37_400, 2, "38 kB", "18.7 kB/s"),
            (4_923_264, 1, "5 MB", "4.92 MB/s"), (999_000_001, 0.5, "1000 MB", "2.00 GB/s"),
            (73_000_000, 8, "73 MB", "9.12 MB/s"), (45_000_000_000, 12, "45.0 GB", "3.75 GB/s"),
            (14_000_000_000, 0.04, "14.0 GB", "350 GB/s"),
        ])
    func words(_ bytes: Int, _ seconds: Double, _ size: String, _ rate: String) {
        #expect(ByteCount.words(bytes) == size)
        #expect(ByteCount.rate(bytes, seconds: seconds) == rate)
    }

    @Test("What passes go through again is told apart from what is read and written, as it was planned")
    func again() throws {
        let scratch = try Scratch()
        let script = "$dppa plan ties --json plan.json > plan; $dppa run ties --out o --json run.json"
        let result = try Shell.run(script, in: scratch.path)
        #expect(result.code == 0, "\(result.errors)")
        func object(_ name: String) throws -> [String: Any] {
            let data = try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/\(name).json"))
            return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        }
        let (plan, run) = (try object("plan"), try object("run"))
        let again = try #require(run["cache_bytes"] as? Int)
        #expect(again > 0 && again == plan["cache_bytes"] as? Int)
        let written = try #require(run["bytes_written"] as? Int)
        #expect(written == plan["written_bytes"] as? Int)
        #expect(
            result.errors.contains(
                " read, \(ByteCount.words(written)) written, \(ByteCount.words(again)) gone through again in "),
            "\(result.errors)")
        #expect(!result.errors.contains("candidates"))
    }
}
