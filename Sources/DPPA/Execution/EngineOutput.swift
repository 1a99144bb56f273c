import DPPACheckpoint
import DPPAExpression
import DPPAKernels

extension Engine {
    /// An output: a node of the space `model`, and where each of its tensors goes.
    public struct Output {
        /// What is written.
        public var node: NodeID
        /// What it is compared with while it is written.
        public var comparison: DeltaComparison?
        /// The tensors of the node's selection, with their places.
        var slots: [TensorID: OutputSlot]
        /// Whether some of the node's tensors are there already, so that not all have places.
        private(set) var isPartial = false
        /// What the comparison has found of those.
        var compared: [DeltaStatistics.Tensor] = []

        /// Where a tensor goes in a checkpoint.
        public struct Place: Sendable {
            /// The tensor of the checkpoint, by number.
            public var index: Int
            /// The type that it is written in.
            public var dtype: DType
            /// The flat index there of its first element: not 0 for a slice of a stack.
            public var start: Int

            /// A place.
            public init(index: Int, dtype: DType, start: Int = 0) {
                (self.index, self.dtype, self.start) = (index, dtype, start)
            }
        }

        /// An output into a checkpoint; `tensors` gives the place of each name of the node's selection there.
        public init(_ graph: Graph, node: NodeID, writer: CheckpointWriter, tensors: [String: Place]) {
            self.node = node
            slots = [:]
            for tensor in graph.tensors(of: node) {
                guard let place = tensors[graph.facts(tensor).name] else { continue }
                slots[tensor] = OutputSlot(
                    destination: writer, tensor: place.index, dtype: place.dtype, start: place.start)
            }
        }

        /// The places by the tensors that go there.
        package var places: [TensorID: Place] {
            slots.mapValues { Place(index: $0.tensor, dtype: $0.dtype, start: $0.start) }
        }

        /// Leaves out tensors that are there already, with what was found of them when they were compared.
        package mutating func leaveOut(_ tensors: some Sequence<TensorID>, compared: [DeltaStatistics.Tensor]) {
            for tensor in tensors { slots[tensor] = nil }
            isPartial = true
            self.compared += compared
        }

        init(node: NodeID, slots: [TensorID: OutputSlot]) {
            self.node = node
            self.slots = slots
        }
    }
}
