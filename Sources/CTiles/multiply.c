#include "CTiles.h"

#define SIDE CTILES_PANEL  // rows of a tile, and its columns in float32
#define DEPTH 32           // the inputs of a tile

static size_t up(size_t count, size_t to) { return (count + to - 1) / to * to; }

size_t ctiles_packed_size(size_t n, size_t k) { return up(n, SIDE) * up(k, DEPTH); }

size_t ctiles_parts_size(size_t m, size_t k) { return 3 * up(m, SIDE) * up(k, DEPTH); }

#if defined(__x86_64__) && defined(__linux__)

#include <cpuid.h>
#include <immintrin.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define AVX512 __attribute__((target("avx512f,avx512bw")))
#define TILES __attribute__((target("avx512f,avx512bw,amx-tile,amx-bf16")))

int ctiles_prepare(void) {
  const long request_permission = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  int has_avx512 = (b >> 16 & 1) && (b >> 30 & 1), has_tiles = (d >> 22 & 1) && (d >> 24 & 1);
  return has_avx512 && has_tiles && syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

// Of each number the upper half; what the lower halves hold is gathered in `lost`. A tile has a row for each pair of inputs, and in it
// both weights of each output, one behind the other.
static void pack(const float *w, size_t output_stride, size_t input_stride, size_t n, size_t k, uint16_t *tile, uint32_t *lost) {
  for (size_t output = 0; output < n; output++) {
    for (size_t input = 0; input < k; input++) {
      uint32_t bits;
      memcpy(&bits, w + output * output_stride + input * input_stride, sizeof bits);
      *lost |= bits;
      tile[(input / 2) * 2 * SIDE + 2 * output + (input & 1)] = (uint16_t)(bits >> 16);
    }
  }
}

// The same of a whole tile whose inputs lie side by side.
AVX512 static void pack_whole(const float *w, size_t output_stride, uint16_t *tile, uint32_t *lost) {
  const __m512i rows = _mm512_mullo_epi32(_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0), _mm512_set1_epi32(SIDE));
  // The odd ones of the 64 words that two registers have.
  uint16_t places[32];
  for (int i = 0; i < 32; i++) places[i] = (uint16_t)(2 * i + 1);
  const __m512i upper = _mm512_loadu_si512(places);
  __m512i seen = _mm512_setzero_si512();
  for (size_t output = 0; output < SIDE; output++) {
    __m512i low = _mm512_loadu_si512(w + output * output_stride), high = _mm512_loadu_si512(w + output * output_stride + 16);
    seen = _mm512_or_si512(seen, _mm512_or_si512(low, high));
    _mm512_i32scatter_epi32((int *)tile + output, rows, _mm512_permutex2var_epi16(low, upper, high), 4);
  }
  *lost |= (uint32_t)_mm512_reduce_or_epi32(seen);
}

int ctiles_pack_panel(const float *w, size_t output_stride, size_t input_stride, size_t n, size_t k, uint16_t *packed) {
  uint32_t lost = 0;
  for (size_t input = 0; input < k; input += DEPTH, packed += SIDE * DEPTH) {
    size_t inputs = k - input < DEPTH ? k - input : DEPTH;
    const float *from = w + input * input_stride;
    if (input_stride == 1 && n == SIDE && inputs == DEPTH) {
      pack_whole(from, output_stride, packed, &lost);
    } else {
      memset(packed, 0, SIDE * DEPTH * sizeof *packed);
      pack(from, output_stride, input_stride, n, inputs, packed, &lost);
    }
  }
  return (lost & 0xffff) == 0;
}

// The three parts of rows, one behind the other, filled up with zeros to whole tiles.
AVX512 static void split(const float *x, size_t stride, size_t m, size_t k, uint16_t *parts) {
  size_t depth = up(k, DEPTH), size = up(m, SIDE) * depth;
  const __m512i upper = _mm512_set1_epi32((int)0xffff0000);
  for (size_t row = 0; row < up(m, SIDE); row++) {
    for (size_t column = 0; column < depth; column += 16) {
      size_t left = row < m && column < k ? k - column : 0;
      __m512 rest = _mm512_maskz_loadu_ps(left >= 16 ? 0xffff : (__mmask16)((1u << left) - 1), x + row * stride + column);
      for (int part = 0; part < 3; part++) {
        __m512i bits = _mm512_castps_si512(rest);
        _mm256_storeu_si256((__m256i *)(parts + part * size + row * depth + column),
                            _mm512_cvtepi32_epi16(_mm512_srli_epi32(bits, 16)));
        rest = _mm512_sub_ps(rest, _mm512_castsi512_ps(_mm512_and_si512(bits, upper)));
      }
    }
  }
}

AVX512 static void put(const float *tile, float *y, size_t stride, size_t rows, size_t columns, int adding) {
  __mmask16 mask = (__mmask16)((1u << columns) - 1);
  for (size_t row = 0; row < rows; row++, tile += SIDE, y += stride) {
    __m512 sum = _mm512_loadu_ps(tile);
    if (adding) sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(mask, y));
    _mm512_mask_storeu_ps(y, mask, sum);
  }
}

// Which tiles hold what: 0 to 3 sums of two times two tiles, 4 and 5 rows of x, 6 and 7 panels of w.
struct configuration {
  uint8_t palette, start, reserved[14];
  uint16_t bytes[16];
  uint8_t rows[16];
};

// Sums over some inputs, the smallest parts of x first, of one or two tiles of rows and of panels; they go on from `sums`, if that is not
// the first time.
TILES static void add_up(const uint16_t *x, size_t depth, size_t part, int has_rows, const uint16_t *w, int has_panels, size_t inputs,
                         int is_first, float *sums) {
  const uint16_t *x1 = x + SIDE * depth, *w1 = w + SIDE * depth;
  if (is_first) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  } else {
    _tile_loadd(0, sums, SIDE * 4);
    _tile_loadd(1, sums + SIDE * SIDE, SIDE * 4);
    _tile_loadd(2, sums + 2 * SIDE * SIDE, SIDE * 4);
    _tile_loadd(3, sums + 3 * SIDE * SIDE, SIDE * 4);
  }
  for (size_t input = 0; input < inputs; input += DEPTH) {
    _tile_loadd(6, w + input * SIDE, SIDE * 4);
    if (has_panels) _tile_loadd(7, w1 + input * SIDE, SIDE * 4);
    for (size_t before = 3; before > 0; before--) {
      size_t place = (before - 1) * part + input;
      _tile_loadd(4, x + place, depth * 2);
      _tile_dpbf16ps(0, 4, 6);
      if (has_panels) _tile_dpbf16ps(1, 4, 7);
      if (has_rows) {
        _tile_loadd(5, x1 + place, depth * 2);
        _tile_dpbf16ps(2, 5, 6);
        if (has_panels) _tile_dpbf16ps(3, 5, 7);
      }
    }
  }
  _tile_stored(0, sums, SIDE * 4);
  _tile_stored(1, sums + SIDE * SIDE, SIDE * 4);
  _tile_stored(2, sums + 2 * SIDE * SIDE, SIDE * 4);
  _tile_stored(3, sums + 3 * SIDE * SIDE, SIDE * 4);
}

// What is gone through while it is near: some inputs of two tiles of rows are 36 KiB in three parts, and fit the first cache; some columns
// of a matrix fit the second.
#define INPUTS 192
#define COLUMNS 512

TILES void ctiles_multiply(const float *x, size_t x_stride, size_t m, const uint16_t *packed, size_t n, size_t k, int adding, float *y,
                           size_t y_stride, uint16_t *parts) {
  struct configuration configuration = {.palette = 1};
  for (int tile = 0; tile < 8; tile++) {
    configuration.bytes[tile] = SIDE * 4;
    configuration.rows[tile] = SIDE;
  }
  split(x, x_stride, m, k, parts);
  _tile_loadconfig(&configuration);
  size_t depth = up(k, DEPTH), part = up(m, SIDE) * depth;
  float sums[2 * SIDE * COLUMNS] __attribute__((aligned(64)));
  for (size_t first = 0; first < n; first += COLUMNS) {
    size_t end = n - first < COLUMNS ? n : first + COLUMNS;
    for (size_t row = 0; row < m; row += 2 * SIDE) {
      for (size_t input = 0; input < depth; input += INPUTS) {
        size_t inputs = depth - input < INPUTS ? depth - input : INPUTS;
        for (size_t column = first; column < end; column += 2 * SIDE) {
          add_up(parts + row * depth + input, depth, part, m - row > SIDE, packed + column * depth + input * SIDE, n - column > SIDE,
                 inputs, input == 0, sums + (column - first) * 2 * SIDE);
        }
      }
      for (size_t column = first; column < end; column += SIDE) {
        // Two tiles of panels lie behind each other, then those of the rows below.
        const float *tile = sums + (column - first) / (2 * SIDE) * 4 * SIDE * SIDE + (column / SIDE % 2) * SIDE * SIDE;
        for (size_t below = row; below < m && below < row + 2 * SIDE; below += SIDE, tile += 2 * SIDE * SIDE) {
          put(tile, y + below * y_stride + column, y_stride, m - below < SIDE ? m - below : SIDE, n - column < SIDE ? n - column : SIDE,
              adding);
        }
      }
    }
  }
  _tile_release();
}

#else

int ctiles_prepare(void) { return 0; }

int ctiles_pack_panel(const float *w, size_t output_stride, size_t input_stride, size_t n, size_t k, uint16_t *packed) {
  (void)w, (void)output_stride, (void)input_stride, (void)n, (void)k, (void)packed;
  return 0;
}

void ctiles_multiply(const float *x, size_t x_stride, size_t m, const uint16_t *packed, size_t n, size_t k, int adding, float *y,
                     size_t y_stride, uint16_t *parts) {
  (void)x, (void)x_stride, (void)m, (void)packed, (void)n, (void)k, (void)adding, (void)y, (void)y_stride, (void)parts;
}

#endif
