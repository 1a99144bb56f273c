// Products of float32 rows and bfloat16 matrices by AMX, the tiles of newer x86 processors (Intel, from Sapphire Rapids on).
//
// A float32 number x is h + m + l, three bfloat16 numbers of its upper, middle and lower 8 bits of significand, exactly. So x * w of a
// bfloat16 number w is three products that are exact in float32, which the tiles add up in float32: three times the products of
// bfloat16, and the accuracy of float32. bfloat16 numbers below 2^-126 count as 0 there, in w and in the parts of x.
//
// Intel, "Intel 64 and IA-32 Architectures Software Developer's Manual", volume 1, chapter 18, and volume 2, TDPBF16PS.
#ifndef CTILES_H
#define CTILES_H

#include <stddef.h>
#include <stdint.h>

// Asks for the tiles; nonzero where processor and system have them. To be called before anything else, once in a process.
int ctiles_prepare(void);

// How many outputs a panel has, which is what matrices are packed by.
#define CTILES_PANEL 16

// How many numbers of 16 bits n x k weights take when they are packed, a whole number of panels.
size_t ctiles_packed_size(size_t n, size_t k);

// Packs n x k weights, n at most the outputs of one panel: that of output i and input j stands at w[i * output_stride + j *
// input_stride]. Returns 0 where a weight is no bfloat16 number; what is packed is of no use then.
int ctiles_pack_panel(const float *w, size_t output_stride, size_t input_stride, size_t n, size_t k, uint16_t *packed);

// How many numbers of 16 bits m rows of k numbers take in three parts.
size_t ctiles_parts_size(size_t m, size_t k);

// y = x * w^T, or y += x * w^T when `adding` is nonzero: x is m x k with rows x_stride apart, w n x k and packed from the first
// output on, y m x n with rows y_stride apart; `parts` is room for the three parts of x. A number of y depends on its row of x and its
// output alone.
void ctiles_multiply(const float *x, size_t x_stride, size_t m, const uint16_t *packed, size_t n, size_t k, int adding, float *y,
                     size_t y_stride, uint16_t *parts);

#endif
