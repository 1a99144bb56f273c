import Foundation

/// The C library's allocator, whose defaults suit programs with small objects.
enum Allocator {
    /// Blocks of 8 MiB and more go back to the system when they are freed.
    ///
    /// glibc raises the size from which it does so up to 32 MiB, each time that a larger block is freed, and then keeps whole matrices:
    /// TSV-Merge of [2048, 2048] took 473 MiB instead of 275. Its header is in no module of Swift's, so the function is looked up;
    /// where there is none, as with other C libraries, nothing needs to be done.
    static func giveBackLargeBlocks() {
        typealias Mallopt = @convention(c) (_ parameter: Int32, _ value: Int32) -> Int32
        // M_MMAP_THRESHOLD of malloc.h.
        let threshold: Int32 = -3
        guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "mallopt") else { return }
        _ = unsafeBitCast(symbol, to: Mallopt.self)(threshold, 8 << 20)
    }
}
