import DPPA
import Testing

@Suite("Element kernels")
struct ElementKernelsTests {
    private let sizes = [0, 1, 7, 15, 16, 17, 31, 33, 100, 1000]

    @Test("Every operation has an oracle, and a name of its own")
    func oracles() {
        #expect(Set(unaryOracles.keys) == Set(UnaryOp.allCases) && unaryOracles.count == UnaryOp.allCases.count)
        #expect(Set(binaryOracles.keys) == Set(BinaryOp.allCases) && binaryOracles.count == BinaryOp.allCases.count)
        let names = UnaryOp.allCases.map(\.facts.name) + BinaryOp.allCases.map(\.facts.name)
        #expect(Set(names).count == names.count)
    }

    @Test("Unary operations equal the scalar ones, also in place", arguments: UnaryOp.allCases)
    func unary(op: UnaryOp) {
        guard case .exact(let naive)? = unaryOracles[op] else { return }
        for size in sizes {
            let x = awkward(size, seed: UInt64(size) + 1)
            let expected = x.map(naive)
            let (input, output) = (Tile(x), Tile(size, 77))
            ElementKernels.unary(op, input.start, into: output.start, count: size)
            #expect(same(output.values, expected), "\(op) of \(size)")
            ElementKernels.unary(op, input.start, into: input.start, count: size)
            #expect(same(input.values, expected), "\(op) of \(size) in place")
        }
    }

    @Test(
        "Binary operations equal the scalar ones for vectors and scalars, also in place", arguments: BinaryOp.allCases)
    func binary(op: BinaryOp) {
        guard case .exact(let naive)? = binaryOracles[op] else { return }
        for size in sizes {
            let (x, y) = (awkward(size, seed: 3), awkward(size, seed: 4))
            let (a, b, output) = (Tile(x), Tile(y), Tile(size, 77))
            ElementKernels.binary(op, .vector(a.start), .vector(b.start), into: output.start, count: size)
            #expect(same(output.values, zip(x, y).map(naive)))
            for scalar in [0, -0.0, 0.25, Float.nan, .infinity] {
                ElementKernels.binary(op, .vector(a.start), .scalar(scalar), into: output.start, count: size)
                #expect(same(output.values, x.map { naive($0, scalar) }))
                ElementKernels.binary(op, .scalar(scalar), .vector(b.start), into: output.start, count: size)
                #expect(same(output.values, y.map { naive(scalar, $0) }))
                ElementKernels.binary(op, .scalar(scalar), .scalar(3), into: output.start, count: size)
                #expect(same(output.values, x.map { _ in naive(scalar, 3) }))
            }
            ElementKernels.binary(op, .vector(a.start), .vector(b.start), into: b.start, count: size)
            #expect(same(b.values, zip(x, y).map(naive)))
        }
    }

    @Test(
        "Binary operations read bfloat16 where it lies, and nothing behind the last element",
        arguments: BinaryOp.allCases.filter(\.readsStored))
    func stored(op: BinaryOp) {
        guard case .exact(let naive)? = binaryOracles[op] else { return }
        for size in sizes {
            let halves = [awkward(size, seed: 5), awkward(size, seed: 6)].map { $0.map { $0.bitPattern >> 16 } }
            let values = halves.map { $0.map { Float(bitPattern: $0 << 16) } }
            // Odd addresses, and pages end right behind what may be read as far as a sanitiser can tell.
            let bytes = halves.map { half -> UnsafeMutableRawPointer in
                let raw = UnsafeMutableRawPointer.allocate(byteCount: size * 2 + 1, alignment: 2) + 1
                for (index, bits) in half.enumerated() {
                    raw.storeBytes(of: UInt16(bits), toByteOffset: index * 2, as: UInt16.self)
                }
                return raw
            }
            defer { for raw in bytes { (raw - 1).deallocate() } }
            let (register, output) = (Tile(values[1]), Tile(size, 77))
            ElementKernels.binary(op, .bf16(bytes[0]), .bf16(bytes[1]), into: output.start, count: size)
            #expect(same(output.values, zip(values[0], values[1]).map(naive)), "\(op) of \(size)")
            ElementKernels.binary(op, .bf16(bytes[0]), .vector(register.start), into: output.start, count: size)
            #expect(same(output.values, zip(values[0], values[1]).map(naive)))
            ElementKernels.binary(op, .scalar(0.25), .bf16(bytes[0]), into: output.start, count: size)
            #expect(same(output.values, values[0].map { naive(0.25, $0) }))
            ElementKernels.binary(op, .vector(register.start), .bf16(bytes[0]), into: register.start, count: size)
            #expect(same(register.values, zip(values[1], values[0]).map(naive)))
        }
    }

    @Test("Select takes bits, so a NaN on the other side does not leak")
    func select() {
        let mask: [Float] = [1, 0, 1, 0, .nan, -0.0, 1]
        let (m, a, b, output) = (Tile(mask), Tile([Float](repeating: .nan, count: 7)), Tile(7, 5), Tile(7))
        ElementKernels.select(m.start, .vector(b.start), .vector(a.start), into: output.start, count: 7)
        #expect(same(output.values, [5, .nan, 5, .nan, 5, .nan, 5]))
        ElementKernels.select(m.start, .scalar(1), .vector(b.start), into: output.start, count: 7)
        #expect(output.values == [1, 5, 1, 5, 1, 5, 1])
        ElementKernels.select(m.start, .vector(b.start), .scalar(0), into: b.start, count: 7)
        #expect(b.values == [5, 0, 5, 0, 5, 0, 5])
        ElementKernels.select(m.start, .scalar(-2), .scalar(-3), into: m.start, count: 7)
        #expect(m.values == [-2, -3, -2, -3, -2, -3, -2])
    }

    @Test("Fill sets every element")
    func fill() {
        for size in sizes {
            let output = Tile(size)
            ElementKernels.fill(2.5, into: output.start, count: size)
            #expect(output.values == [Float](repeating: 2.5, count: size))
        }
    }

    @Test("Rows and columns are rounded once and spread, no further than the last row")
    func expand() {
        for (rows, length) in [(1, 1), (3, 5), (4, 16), (5, 17), (2, 100), (7, 3), (0, 4), (3, 0)] {
            let count = rows * length
            let rowValues = (0..<rows).map { Double($0) / 3 }
            let columnValues = (0..<length).map { Double($0) / 7 }
            let output = Tile(count + 1, 99)
            rowValues.withUnsafeBufferPointer {
                guard let start = $0.baseAddress else { return }
                ElementKernels.expandRows(start, rowLength: length, into: output.start, rowCount: rows)
            }
            #expect(output.values == (0..<count).map { Float(rowValues[$0 / length]) } + [99])
            guard length > 0 else { continue }
            for first in [0, 1, length - 1] where first < length {
                let columns = Tile(count + 1, 99)
                columnValues.withUnsafeBufferPointer {
                    guard let start = $0.baseAddress else { return }
                    ElementKernels.expandColumns(
                        start, firstColumn: first, rowLength: length, into: columns.start, count: count)
                }
                #expect(columns.values == (0..<count).map { Float(columnValues[(first + $0) % length]) } + [99])
            }
        }
        let partial = Tile(5)
        [Double](arrayLiteral: 1, 2, 3, 4, 5, 6, 7, 8).withUnsafeBufferPointer {
            guard let start = $0.baseAddress else { return }
            ElementKernels.expandColumns(start, firstColumn: 6, rowLength: 8, into: partial.start, count: 5)
        }
        #expect(partial.values == [7, 8, 1, 2, 3])
    }
}
