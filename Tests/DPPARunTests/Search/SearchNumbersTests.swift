import DPPA
import DPPAScript
import Foundation
import Testing

/// The numbers that searches are made of, beside those of SciPy and NumPy: see Fixtures/search/generate.py.
@Suite struct SearchNumbersTests {
    private struct Points: Decodable {
        var first: [[Double]]
        var later: [[Double]]
    }

    private struct Draws: Decodable {
        var bits: [String]
        var uniform: [Double]
        var normal: [Double]
    }

    private struct Generations: Decodable {
        struct Generation: Decodable {
            var mean: [Double]
            var deviation: [Double]
        }
        var generations: [Generation]
    }

    private func fixture<T: Decodable>(_ name: String, _ type: T.Type) throws -> T {
        let file = URL(fileURLWithPath: Folders.fixtures + "/search/\(name).json")
        return try JSONDecoder().decode(type, from: Data(contentsOf: file))
    }

    @Test func sobolIsSciPys() throws {
        let right = try fixture("sobol", Points.self)
        for dimensions in [1, 2, 7, 32] {
            let rows = try SearchRecipe.numbers(
                """
                local point, rows = sobol { dimensions = \(dimensions) }, {}
                for index = 1, 1008 do
                  local x = point()
                  if index <= 8 or index > 1000 then rows[#rows + 1] = x end
                end
                """, columns: dimensions)
            #expect(rows == (right.first + right.later).map { Array($0.prefix(dimensions)) })
        }
    }

    /// A shift of bits leaves a net a net: of 16 points one is in each sixteenth of each coordinate.
    @Test(arguments: [0, 1, 77]) func aSeedShiftsAndKeepsTheEvenness(seed: Int) throws {
        let rows = try SearchRecipe.numbers(
            """
            local point, rows = sobol { dimensions = 3, seed = \(seed) }, {}
            for index = 1, 16 do rows[index] = point() end
            """, columns: 3)
        for coordinate in 0..<3 {
            #expect(Set(rows.map { Int($0[coordinate] * 16) }) == Set(0..<16))
        }
        #expect(rows[0].allSatisfy { $0 != 0 })
    }

    @Test func randomNumbersAreThoseOfTheirDefinitions() throws {
        let right = try fixture("random", Draws.self)
        let tables = try SearchRecipe.tables(
            """
            local rows, draw = {}, random { seed = 1234567 }
            for index = 1, 5 do rows[index] = { string.format("%x", draw.bits()) } end
            dppa.report { name = "bits", columns = { "bits" }, rows = rows }
            local uniform, normal, numbers = random { seed = 1 }, random { seed = 1 }, {}
            for index = 1, 6 do numbers[index] = { index <= 4 and uniform.uniform() or 0, normal.normal() } end
            dppa.report { name = "numbers", columns = { "uniform", "normal" }, rows = numbers }
            """)
        let bits = right.bits.compactMap { UInt64($0).map { String($0, radix: 16) } }
        #expect(tables["bits"]?.rows.map { $0[0].text } == bits)
        // The published numbers of SplitMix64 with this seed.
        #expect(right.bits.first == "6457827717110365317")
        #expect(tables["numbers"]?.rows.prefix(4).map { $0[0].number } == right.uniform)
        for (row, normal) in zip(tables["numbers"]?.rows ?? [], right.normal) {
            #expect(abs(row[1].number - normal) < 1e-14)
        }
    }

    @Test func generationsOfCMAAreThoseOfItsEquations() throws {
        let right = try fixture("cma", Generations.self).generations
        let rows = try SearchRecipe.numbers(
            """
            local state, rows = cma { mean = { 0.5, 0.2, 0.9, 0.4 }, deviation = 0.3, seed = 7 }, {}
            local function value(x)
              local sum = 0
              for i = 0, #x - 1 do sum = sum - 10 ^ i * (x[i + 1] + 0.5 * x[(i + 1) % #x + 1] - 0.3) ^ 2 end
              return sum
            end
            for generation = 1, 40 do
              local values = {}
              for index, point in ipairs(state.ask()) do values[index] = value(point) end
              state.tell(values)
              if generation % 5 == 0 then
                rows[#rows + 1] = state.mean()
                rows[#rows + 1] = state.deviation()
              end
            end
            """, columns: 4)
        let expected = right.flatMap { [$0.mean, $0.deviation] }
        #expect(rows.count == 16 && expected.count == 16)
        for (own, right) in zip(rows.flatMap { $0 }, expected.flatMap { $0 }) { #expect(abs(own - right) < 1e-9) }
    }

    /// How many evaluations it takes to come within 1e-8; the package cma 4.5 takes 664 to 744, 1616 to 2016 and 1776 to 2160.
    @Test(arguments: [
        ("s = s + x[i] ^ 2", "3, 3, 3, 3, 3", 1.0, 900),
        ("s = s + 10 ^ (1.5 * (i - 1)) * x[i] ^ 2", "3, 3, 3, 3, 3", 1.0, 2600),
        (
            "if i < #x then s = s + 100 * (x[i + 1] - x[i] ^ 2) ^ 2 + (1 - x[i]) ^ 2 end", "0.1, 0.1, 0.1, 0.1, 0.1",
            0.1, 2600
        ),
    ])
    func cmaFindsTheMinimumOf(step: String, mean: String, deviation: Double, most: Int) throws {
        let rows = try SearchRecipe.numbers(
            """
            local rows = {}
            for seed = 1, 3 do
              local state, best, count = cma { mean = { \(mean) }, deviation = \(deviation), seed = seed }, 1, 0
              while best > 1e-8 and count < 4000 do
                local values = {}
                for index, x in ipairs(state.ask()) do
                  local s = 0
                  for i = 1, #x do \(step) end
                  values[index], best, count = -s, math.min(best, s), count + 1
                end
                state.tell(values)
              end
              rows[seed] = { count }
            end
            """, columns: 1)
        #expect(rows.count == 3 && rows.allSatisfy { $0[0] <= Double(most) }, "\(rows)")
    }

    @Test func manyNumbersAreRefusedByName() throws {
        let many = "local m = {} for i = 1, 129 do m[i] = 0.5 end "
        #expect(try SearchRecipe.error(many + "cma { mean = m }")?.message.contains("at most 128") == true)
        #expect(try SearchRecipe.error("sobol { dimensions = 33 }")?.message.contains("from 1 to 32") == true)
        #expect(try SearchRecipe.error("cma { mean = { 0.5 } }.tell { 1 }")?.message.contains("for 0 points") == true)
    }
}
