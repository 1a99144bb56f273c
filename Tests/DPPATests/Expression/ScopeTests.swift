import DPPA
import Testing

@Suite struct ScopeTests {
    @Test func joinIsTheCoarsestScopeAsFineAsBoth() {
        #expect(Scope.join(.element, .model) == .element)
        #expect(Scope.join(.row, .column) == .element)
        #expect(Scope.join(.row, .layer) == .row)
        #expect(Scope.join(.tensor, .layer) == .tensor)
        #expect(Scope.join(.layer, .model) == .layer)
    }

    @Test func joinIsALatticeOperation() {
        let all = Scope.named
        for a in all {
            #expect(Scope.join(a, a) == a)
            for b in all {
                #expect(Scope.join(a, b) == Scope.join(b, a))
                for c in all {
                    #expect(Scope.join(Scope.join(a, b), c) == Scope.join(a, Scope.join(b, c)))
                }
            }
        }
    }

    @Test func coarserIsStrict() {
        #expect(Scope.layer.isCoarser(than: .tensor))
        #expect(Scope.tensor.isCoarser(than: .row))
        #expect(!Scope.row.isCoarser(than: .column))
        #expect(!Scope.layer.isCoarser(than: .layer))
        #expect(!Scope.element.isCoarser(than: .row))
    }
}
