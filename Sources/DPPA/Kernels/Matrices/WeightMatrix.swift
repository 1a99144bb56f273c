import DPPASupport

/// The weights of a linear map as products take them: `y = x · wᵀ`, w being outputs × inputs.
package struct WeightMatrix: Sendable {
    private let weights: Buffer<Float>
    private let place: Place
    /// The same for the processor's tiles, where it has some and every weight is a bfloat16 number.
    private let tiles: WeightTiles?

    /// Where the weights lie in a tensor.
    package struct Place: Sendable, Hashable {
        /// The outputs of the tensor that are the map's.
        package var outputs: Range<Int>
        package var inputs: Int
        /// How many outputs the tensor has.
        package var stored: Int
        /// Whether the tensor is [inputs, outputs].
        package var isTransposed: Bool

        package init(outputs: Range<Int>, inputs: Int, stored: Int, isTransposed: Bool = false) {
            (self.outputs, self.inputs, self.stored, self.isTransposed) = (outputs, inputs, stored, isTransposed)
        }

        fileprivate func offset(_ output: Int) -> Int { output * (isTransposed ? 1 : inputs) }
    }

    /// The map of some weights; `tiles` are what `tiles(of:_:run:)` gives of them.
    package init(_ weights: Buffer<Float>, _ place: Place, tiles: WeightTiles?) {
        (self.weights, self.place, self.tiles) = (weights, place, tiles)
    }

    /// The weights for the processor's tiles, if it has some and every weight is a bfloat16 number; `run` carries out numbered pieces
    /// of the work, in any order and on any thread.
    package static func tiles(
        of weights: Buffer<Float>, _ place: Place,
        run: (_ count: Int, _ piece: @escaping @Sendable (Int) -> Void) throws -> Void
    ) rethrows -> WeightTiles? {
        try WeightTiles.packing(
            weights.pointer + place.offset(place.outputs.lowerBound), outputStride: place.offset(1),
            inputStride: place.isTransposed ? place.stored : 1, outputs: place.outputs.count, inputs: place.inputs,
            run: run)
    }

    /// `y = x · wᵀ`, or `y += x · wᵀ`, for some rows of x and some of the map's outputs, the first a multiple of 16; strides between
    /// rows in elements.
    package func times(
        _ x: UnsafePointer<Float>, rows: Int, outputs: Range<Int>, adding: Bool = false,
        into y: UnsafeMutablePointer<Float>, stride: Int
    ) {
        let inputs = place.inputs
        if let tiles {
            return tiles.times(x, inputs, rows: rows, outputs: outputs, adding: adding, into: y, stride)
        }
        let own = weights.pointer + place.offset(place.outputs.lowerBound + outputs.lowerBound)
        if place.isTransposed {
            MatrixProduct.weigh(
                x, inputs, rows: rows, own, place.stored, columns: outputs.count, inner: inputs, adding: adding,
                into: y,
                stride)
        } else {
            MatrixProduct.times(
                x, inputs, rows: rows, own, inputs, columns: outputs.count, inner: inputs, adding: adding, into: y,
                stride)
        }
    }
}
