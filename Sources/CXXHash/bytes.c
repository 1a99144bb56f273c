#define XXH_INLINE_ALL
#include <xxhash.h>

#include "CXXHash.h"

cxxhash_digest cxxhash_bytes(const void *bytes, size_t count, uint64_t seed) {
    XXH128_hash_t hash = XXH3_128bits_withSeed(bytes, count, seed);
    return (cxxhash_digest){.low = hash.low64, .high = hash.high64};
}
