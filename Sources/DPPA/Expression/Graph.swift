import DPPACheckpoint
import DPPAKernels
import DPPASupport

/// A growing set of expression nodes in which equal expressions are one node.
///
/// A recipe is traced into a graph once; the graph runs nothing. Nodes are immutable and are referred to by identity.
/// Operands always come before the nodes that use them, so every walk over a graph is a loop, never a recursion.
/// A graph belongs to one thread at a time.
public final class Graph {
    /// The largest number of nodes; the next one is a `limit` error.
    public let nodeLimit: Int
    private let groupingLimit = 10_000
    /// The place of the recipe that is being traced; new nodes carry it.
    public var location: DPPAError.Location?

    private var nodes: [Node] = []
    private var identities: [Node.Key: NodeID] = [:]
    /// The models that have been added, in order.
    public private(set) var models: [OpenModel] = []
    package private(set) var tables: [[TensorID: Double]] = []
    /// The serial streams of random numbers, by their seeds.
    package internal(set) var serialStreams: [UInt64: SerialStream] = [:]
    private var tableNumbers: [[TensorID: Double]: Int] = [:]

    var tensors: [TensorFacts] = []
    var tensorsByName: [String: [TensorID]] = [:]
    var domains: [Domain] = []
    var domainIDs: [[TensorID]: DomainID] = [:]
    var layerKeys: [LayerName: Int] = [:]
    package var layerNames: [LayerName] = []
    var layerOfTensor: [Int?] = []
    package var groupings: [[TensorID: Int]] = []
    package var groupNames: [[String]] = []
    private var groupingNumbers: [Grouping: Int] = [:]
    private struct Grouping: Hashable {
        var members: [TensorID: Int]
        var names: [String]
    }
    /// The inner value of each node that `clamp` made, so that a report can say what was cut.
    package var clamped: [NodeID: NodeID] = [:]
    /// Whether some node is computed of whole tensors, so that names may have several shapes.
    package private(set) var hasMatrices = false
    /// Models that are parts of others, by their numbers: the factors of adapters, what experts of a mixture are made of.
    private var parts: Set<Int> = []
    /// What formulas call parts that were computed, by their numbers.
    var partWords: [Int: String] = [:]
    /// The models that expressions start from, where that does not follow from what they read.
    var starts: [NodeID: Int] = [:]
    /// The factors of each model that was looked at.
    var adapterFactors: [Int: AdapterFactors?] = [:]
    /// Deltas that can be written as adapters.
    package internal(set) var adapters: [NodeID: AdapterForm] = [:]
    /// The weights of each node that `weightSum` made, so that an error can name them.
    package var summedWeights: [NodeID: [NodeID]] = [:]

    /// A model and what is taken from it.
    struct Difference: Hashable {
        var model: NodeID
        var base: NodeID
    }
    /// What is known of them.
    private(set) var differences: [Difference: NodeID] = [:]

    /// An empty graph.
    public init(nodeLimit: Int = 100_000) {
        self.nodeLimit = nodeLimit
    }

    /// The node behind an identity.
    public subscript(id: NodeID) -> Node { nodes[Int(id.index)] }

    /// How many different nodes there are.
    public var count: Int { nodes.count }
    /// All nodes, operands first.
    public var nodeIDs: [NodeID] { nodes.indices.map { NodeID(index: Int32($0)) } }

    /// The node with the given type, made if there is none yet.
    ///
    /// Throws a `limit` error when there are too many.
    func make(
        _ operation: Operation, _ scope: Scope, _ space: Space = .value, isMask: Bool = false,
        domain: DomainID?, label: String? = nil
    ) throws -> NodeID {
        let key = Node.Key(
            operation: operation, scope: scope, space: space, isMask: isMask, domain: domain, label: label)
        if let known = identities[key] { return known }
        guard nodes.count < nodeLimit else {
            throw DPPAError(
                .limit, "the expression has more than \(nodeLimit) different nodes",
                notes: ["a rule is traced once for all tensors: look for a loop that makes new nodes for each of them"],
                location: location)
        }
        if case .matrix = operation { hasMatrices = true }
        let id = NodeID(index: Int32(nodes.count))
        nodes.append(Node(key: key, location: location))
        identities[key] = id
        return id
    }

    /// Makes known what a model less its base is, where that is at hand without taking one from the other: an adapter's delta.
    package func know(_ model: NodeID, minus base: NodeID, is delta: NodeID) {
        differences[Difference(model: model, base: base)] = delta
    }

    /// Adds a model; its floating-point tensors become a node of its space.
    public func source(_ model: OpenModel) throws -> NodeID {
        var number = models.count
        if let known = models.firstIndex(where: { $0.identity == model.identity && $0.label == model.label }) {
            number = known
        } else {
            models.append(model)
        }
        return try make(
            .source(model: number), .element, models[number].space, domain: intern(models[number].weights.map(intern)),
            label: model.label)
    }

    /// A part of a model, whose tensors have its names and shapes of their own, as plain values; `words` are what formulas call it
    /// where it is not the model's label.
    package func shapedSource(_ part: OpenModel, words: String? = nil) throws -> NodeID {
        hasMatrices = true
        let node = try source(part)
        if case .source(let number) = self[node].operation {
            parts.insert(number)
            partWords[number] = words
        }
        return try reinterpret(node, as: .value)
    }

    /// The models that were opened, without parts of them that have numbers of their own.
    package var openedModels: [OpenModel] { models.indices.filter { !parts.contains($0) }.map { models[$0] } }

    /// Makes known that a model is a part of another.
    func markPart(_ model: Int) { parts.insert(model) }

    /// Whether a model is a part of another.
    package func isPart(_ model: Int) -> Bool { parts.contains(model) }

    /// What is known to be the difference of a model and its base, with the base.
    var knownDifferences: [(base: NodeID, delta: NodeID)] { differences.map { ($0.key.base, $0.value) } }

    /// A number that holds everywhere.
    ///
    /// Throws a `data` error when it is not finite.
    public func constant(_ value: Double) throws -> NodeID {
        guard value.isFinite else {
            throw DPPAError(
                .data, "a number in an expression must be finite; this one is \(value)", location: location)
        }
        return try make(.constant(value.bitPattern), .model, domain: nil)
    }

    /// A number for each tensor of a node's selection, at tensor scope; `values` holds exactly those tensors' names.
    public func perTensor(_ like: NodeID, _ values: [String: Double]) throws -> NodeID {
        guard let id = self[like].domain else {
            throw DPPAError(.data, "per_tensor: a plain number has no tensors", location: location)
        }
        var table: [TensorID: Double] = [:]
        for tensor in domain(id).tensors {
            let name = facts(tensor).name
            guard let value = values[name] else {
                throw mistake(
                    "per_tensor: the function gives no number for \(name)",
                    "return a number for every tensor of the field")
            }
            guard value.isFinite else {
                throw DPPAError(
                    .data, "per_tensor: the number for \(name) must be finite; it is \(value)", location: location)
            }
            table[tensor] = value
        }
        return try make(.table(number(of: table)), .tensor, domain: id)
    }

    /// The place of a table among the graph's, which it is added to if it is new.
    func number(of table: [TensorID: Double]) -> Int {
        if let known = tableNumbers[table] { return known }
        tableNumbers[table] = tables.count
        tables.append(table)
        return tables.count - 1
    }

    /// The numbers of a node that is a number for each tensor from plain facts; nil for every other node.
    package func numbers(_ node: NodeID) -> [TensorID: Double]? {
        if case .table(let number) = self[node].operation { tables[number] } else { nil }
    }

    /// A grouping of a node's tensors by keys; wherever a scope is expected.
    public func grouping(_ like: NodeID, _ keys: [String: String]) throws -> Scope {
        guard let members = domain(of: like) else {
            throw DPPAError(.data, "group: a plain number has no tensors", location: location)
        }
        let names = Array(Set(keys.values)).sorted(by: Graph.precedes)
        let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        var grouping: [TensorID: Int] = [:]
        for tensor in members.tensors {
            guard let key = keys[facts(tensor).name], let number = numbers[key] else {
                throw DPPAError(
                    .data, "group: the function gives no key for \(facts(tensor).name)",
                    notes: ["return a string or a number for every tensor of the selection"], location: location)
            }
            grouping[tensor] = number
        }
        return try self.grouping(grouping, names: names)
    }

    /// A grouping of tensors by the numbers of groups, which have names.
    func grouping(_ members: [TensorID: Int], names: [String]) throws -> Scope {
        let key = Grouping(members: members, names: names)
        if let known = groupingNumbers[key] { return .group(GroupingID(index: known)) }
        guard groupings.count < groupingLimit else {
            throw DPPAError(.limit, "the recipe has more than \(groupingLimit) different groups", location: location)
        }
        groupingNumbers[key] = groupings.count
        groupings.append(members)
        groupNames.append(names)
        return .group(GroupingID(index: groupings.count - 1))
    }

    /// An error of the kind `data` at the place that is being traced.
    func mistake(_ message: String, _ notes: String...) -> DPPAError {
        DPPAError(.data, message, notes: notes, location: location)
    }
}
