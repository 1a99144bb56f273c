import Foundation

extension String {
    /// Whether its bytes in UTF-8 come before those of another one: the order of tensors, keys and files, which no locale changes.
    package func precedes(_ other: String) -> Bool {
        let order = utf8.withContiguousStorageIfAvailable { own -> Bool? in
            other.utf8.withContiguousStorageIfAvailable { other in
                guard let first = own.baseAddress, let second = other.baseAddress else {
                    return own.count < other.count
                }
                let order = memcmp(first, second, min(own.count, other.count))
                return order == 0 ? own.count < other.count : order < 0
            }
        }
        // Text that is not native has no bytes of its own.
        return (order ?? nil) ?? utf8.lexicographicallyPrecedes(other.utf8)
    }
}
