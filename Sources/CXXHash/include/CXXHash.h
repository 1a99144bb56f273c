// XXH3 with 128 bits, of the header that libxxhash-dev brings: the only code that sees it.
#ifndef CXXHASH_H
#define CXXHASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t low, high;
} cxxhash_digest;

// XXH3_128bits_withSeed of `count` bytes: the same on every processor.
cxxhash_digest cxxhash_bytes(const void *bytes, size_t count, uint64_t seed);

#endif
