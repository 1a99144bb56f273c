import DPPAKernels
import DPPASupport

/// A mixture of experts: `Σ pₑ · expertₑ(x)` over the `active` experts with the largest p = softmax(router x); among equals
/// the first.
///
/// With an expert for all tokens, `+ sigmoid(gate x) · shared(x)`.
struct Mixture: Part {
    var router: Linear
    var experts: [FeedForward]
    /// How many experts a token goes to.
    var active: Int
    /// Whether a token's weights pₑ are divided by their sum.
    var isNormalized: Bool
    /// The expert that every token goes to, and what gives its weight.
    var shared: (expert: FeedForward, gate: Linear)?

    /// A token that goes to an expert.
    private struct Route {
        var expert: Int32
        var token: Int32
        var weight: Float
    }

    /// For each expert, for each batch: its tokens.
    private typealias Routes = [[[Route]]]

    var tensors: [[ExpectedTensor]] {
        [router.tensors] + experts.flatMap(\.tensors) + (shared.map { [$0.gate.tensors] + $0.expert.tensors } ?? [])
    }
    var linears: [Linear] {
        [router] + experts.flatMap(\.linears) + (shared.map { [$0.gate] + $0.expert.linears } ?? [])
    }
    var inputWidth: Int { router.inputs }
    /// The router's outputs, and later an expert's hidden activation beside the tokens that go to it.
    var innerWidth: Int {
        let all = experts + [shared?.expert].compactMap(\.self)
        return max(router.outputs, (all.map(\.innerWidth).max() ?? 0) + router.inputs)
    }

    func run(_ pass: ForwardPass, _ states: [Activations], layer: Int) throws {
        try pass.multiply(router, states, from: \.inputRows, to: probabilities)
        let routes = try states.map { try route(pass, $0) }
        for (number, expert) in experts.enumerated() {
            let own = routes.map { $0[number] }
            // What no token goes to is not built.
            guard own.joined().contains(where: { !$0.isEmpty }) else { continue }
            try pass.check()
            try run(pass, states, expert, own)
        }
        guard let shared else { return }
        try pass.multiply(shared.gate, states, from: \.inputRows, to: gateRows)
        try run(pass, states, shared.expert, states.map(allTokens))
    }

    private func probabilities(_ state: Activations) -> TokenRows {
        TokenRows(pointer: state.inner.pointer, width: router.outputs)
    }

    private func gateRows(_ state: Activations) -> TokenRows { TokenRows(pointer: state.inner.pointer, width: 1) }

    /// Every token of each batch, with the weight that its gate gives.
    private func allTokens(_ state: Activations) -> [[Route]] {
        state.layout.batches.map { batch in
            batch.tokens.map { token in
                Route(
                    expert: 0, token: Int32(token), weight: ActivationKernels.sigmoid(gateRows(state)[token][0]))
            }
        }
    }

    /// Decides where tokens go, from the router's outputs.
    private func route(_ pass: ForwardPass, _ state: Activations) throws -> Routes {
        let found = Buffer<Route>(state.layout.tokenCount * active)
        try pass.each(state.layout.batches.count) { batch, _ in
            for token in state.layout.batches[batch].tokens {
                let row = probabilities(state)[token]
                ActivationKernels.softmax(row, count: router.outputs)
                choose(row, token, found.pointer + token * active)
            }
        }
        let none = [[Route]](repeating: [], count: state.layout.batches.count)
        var routes = Routes(repeating: none, count: experts.count)
        for (number, batch) in state.layout.batches.enumerated() {
            for index in batch.tokens.lowerBound * active..<batch.tokens.upperBound * active {
                routes[Int(found.pointer[index].expert)][number].append(found.pointer[index])
            }
        }
        return routes
    }

    private func choose(
        _ probabilities: UnsafePointer<Float>, _ token: Int, _ routes: UnsafeMutablePointer<Route>
    ) {
        var total: Float = 0
        for place in 0..<active {
            var best: Int?
            for expert in 0..<router.outputs
            where !(0..<place).contains(where: { routes[$0].expert == Int32(expert) }) {
                if let known = best, !(probabilities[expert] > probabilities[known]) { continue }
                best = expert
            }
            let expert = best ?? 0
            routes[place] = Route(expert: Int32(expert), token: Int32(token), weight: probabilities[expert])
            total += probabilities[expert]
        }
        guard isNormalized else { return }
        for place in 0..<active { routes[place].weight /= total }
    }

    /// One expert on the tokens that go to it, gathered batch by batch; `routes` are theirs, for each candidate and batch.
    private func run(
        _ pass: ForwardPass, _ states: [Activations], _ expert: FeedForward, _ routes: [[[Route]]]
    ) throws {
        let gathered: ForwardPass.Place = { state in
            TokenRows(
                pointer: state.inner.pointer + state.layout.tokenCount * expert.innerWidth, width: expert.inputWidth)
        }
        for (state, routes) in zip(states, routes) {
            try pass.each(routes.count) { batch, _ in
                let first = state.layout.batches[batch].tokens.lowerBound
                for (index, route) in routes[batch].enumerated() {
                    gathered(state)[first + index].update(
                        from: state.inputRows[Int(route.token)], count: expert.inputWidth)
                }
            }
        }
        let rows = zip(states, routes).map { state, routes in
            zip(state.layout.batches, routes).map { $0.tokens.prefix($1.count) }
        }
        try expert.makeHidden(pass, states, rows: rows, from: gathered)
        try pass.each(expert.down, states, rows: rows, from: expert.hidden) { down, state, piece, scratch in
            let count = piece.outputs.count
            let made = scratch.floats(piece.rows.count * count)
            down.times(
                expert.hidden(state)[piece.rows.lowerBound], rows: piece.rows.count, outputs: piece.outputs, into: made,
                stride: count)
            for (index, route) in routes[piece.candidate][piece.batch].enumerated() {
                ActivationKernels.add(
                    made + index * count, times: route.weight,
                    to: state.sumRows[Int(route.token)] + piece.outputs.lowerBound, count: count)
            }
        }
    }
}
