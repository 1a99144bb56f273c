import DPPAKernels
import DPPASupport

/// What is summed up of the inputs of one linear, token by token.
///
/// Sums and squares of each input in float64, the tokens of a part of the text in their order. Products of inputs with each other in
/// float32, each batch of tokens by one product that is added to the batches of the part before it. Parts are added in their order.
/// Parts, batches and blocks of columns depend on the text alone, so that threads, memory and ranks change no bit.
package final class InputSums: @unchecked Sendable {
    /// How many inputs there are.
    package let width: Int
    /// How many tokens went in.
    package private(set) var count = 0
    private let sums: Buffer<Double>
    private let squares: Buffer<Double>
    /// Of products the rows above and on the diagonal; nil where they are not wanted.
    private let products: Buffer<Float>?

    /// How many columns one thread works on at a time.
    static let columns = 256

    init(width: Int, hasProducts: Bool) {
        self.width = width
        sums = Buffer<Double>(width)
        squares = Buffer<Double>(width)
        products = hasProducts ? Buffer<Float>(width * width) : nil
        clear()
    }

    /// Begins again with nothing.
    func clear() {
        count = 0
        sums.clear()
        squares.clear()
        products?.clear()
    }

    /// What it takes, with what is made of it, in bytes.
    static func bytes(width: Int, hasProducts: Bool) -> Int { width * 28 + (hasProducts ? width * width * 4 : 0) }

    func add(tokens: Int) { count += tokens }

    /// Adds rows of inputs to a block of columns.
    func add(_ x: TokenRows, rows: [Range<Int>], columns: Range<Int>) {
        for row in rows.joined() {
            let line = x[row]
            for column in columns {
                let value = Double(line[column])
                sums.pointer[column] += value
                squares.pointer[column] += value * value
            }
        }
        guard let products else { return }
        let (first, count) = (columns.lowerBound, width - columns.lowerBound)
        for batch in rows where !batch.isEmpty {
            let line = x[batch.lowerBound] + first
            MatrixProduct.addTransposed(
                line, x.width, rows: columns.count, line, x.width, columns: count, inner: batch.count,
                into: products.pointer + first * width + first, width)
        }
    }
}

/// Adding what was summed up of other tokens, on this rank or on another one.
extension InputSums {
    /// Adds the sums of a later part of the text.
    func add(_ part: InputSums) {
        count += part.count
        for index in 0..<width {
            sums.pointer[index] += part.sums.pointer[index]
            squares.pointer[index] += part.squares.pointer[index]
        }
        guard let products, let others = part.products else { return }
        for row in 0..<width {
            let first = row &* width
            for index in first &+ row..<first &+ width { products.pointer[index] += others.pointer[index] }
        }
    }

    /// Tells other ranks of all but the products.
    func putSums(into message: inout Message) {
        message.put(count)
        message.put(UnsafePointer(sums.pointer), count: width)
        message.put(UnsafePointer(squares.pointer), count: width)
    }

    /// Adds such sums of a later part.
    func addSums(_ message: inout Message) throws {
        count += try message.take(Int.self)
        for own in [sums, squares] {
            let others: [Double] = try message.takeList()
            guard others.count == width else { throw Self.otherWidth }
            for index in 0..<width { own.pointer[index] += others[index] }
        }
    }

    /// Tells other ranks of some rows of the products, each from the diagonal on.
    func putProducts(_ rows: Range<Int>, into message: inout Message) {
        guard let products else { return }
        for row in rows {
            message.put(UnsafePointer(products.pointer + row * width + row), count: width - row)
        }
    }

    /// Adds such rows of a later part.
    func addProducts(_ rows: Range<Int>, _ message: inout Message) throws {
        guard let products else { return }
        for row in rows {
            let (others, own): ([Float], _) = (try message.takeList(), products.pointer + row * width + row)
            guard others.count == width - row else { throw Self.otherWidth }
            for index in others.indices { own[index] += others[index] }
        }
    }

    private static var otherWidth: DPPAError {
        DPPAError(.internalFault, "another rank tells of inputs of another width")
    }
}

/// What is told of the inputs.
extension InputSums {
    /// √(Σ x² / samples) of each input.
    package func norms(samples: Int) -> Buffer<Float> {
        made { (squares.pointer[$0] / Double(max(1, samples))).squareRoot() }
    }

    /// The mean of each input over the tokens; 0 where there was none.
    package var means: Buffer<Float> { made { sums.pointer[$0] / Double(max(1, count)) } }

    /// The variance of each input over the tokens, Σ (x − mean)² / tokens; 0 where there was none.
    package var variances: Buffer<Float> {
        let tokens = Double(max(1, count))
        return made { index in
            let mean = sums.pointer[index] / tokens
            return max(0, squares.pointer[index] / tokens - mean * mean)
        }
    }

    /// Σ x xᵀ / tokens, all of it, in the memory of the sums, so that it is to be had once; nil where products are not wanted.
    package func takeCovariance() -> Buffer<Float>? {
        guard let products else { return nil }
        let tokens = Float(max(1, count))
        for row in 0..<width {
            for column in row..<width {
                let value = products.pointer[row &* width &+ column] / tokens
                products.pointer[row &* width &+ column] = value
                products.pointer[column &* width &+ row] = value
            }
        }
        return products
    }

    /// Whether no input was infinite or NaN.
    package var isFinite: Bool { (0..<width).allSatisfy { squares.pointer[$0].isFinite } }

    /// What tells sums from others.
    package var fingerprint: UInt128 {
        var hash = Fingerprint()
        hash.add(UInt64(count))
        for index in 0..<width { hash.add(sums.pointer[index].bitPattern ^ squares.pointer[index].bitPattern &* 31) }
        return hash.value
    }

    private func made(_ number: (Int) -> Double) -> Buffer<Float> {
        let result = Buffer<Float>(width)
        for index in 0..<width { result.pointer[index] = Float(number(index)) }
        return result
    }
}
