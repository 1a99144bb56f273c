import Foundation
import Synchronization

/// What is to be removed when the program is ended at once, in the middle of its work.
package enum Cleanup {
    /// While it lives, its action is due.
    package final class Token: Sendable {
        private let number: Int
        fileprivate init(_ number: Int) { self.number = number }
        deinit { Cleanup.actions.withLock { $0.pending[number] = nil } }
    }

    private struct Actions {
        var next = 0
        var pending: [Int: @Sendable () -> Void] = [:]
    }

    private static let actions = Mutex(Actions())

    /// Adds an action, until the token goes away.
    package static func add(_ action: @escaping @Sendable () -> Void) -> Token {
        actions.withLock {
            $0.next += 1
            $0.pending[$0.next] = action
            return Token($0.next)
        }
    }

    /// Does all that is due; the work goes on meanwhile, so the program must end with it.
    package static func run() {
        for action in actions.withLock({ $0.pending }).sorted(by: { $0.key < $1.key }) { action.value() }
    }
}
