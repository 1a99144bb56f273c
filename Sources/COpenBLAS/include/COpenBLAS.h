// Matrix products by OpenBLAS: the only code that sees it.
#ifndef COPENBLAS_H
#define COPENBLAS_H

// c = alpha * a * b + beta * c in float32, row-major: a is m x k with rows lda apart, c is m x n with rows ldc apart; b is
// k x n, or n x k when `transposed` is nonzero, with rows ldb apart. Runs on the caller's thread alone.
void copenblas_multiply(int m, int n, int k, float alpha, const float *a, int lda, const float *b, int ldb, int transposed,
                        float beta, float *c, int ldc);

// Tells OpenBLAS to start no threads of its own; to be called once, before the first product.
void copenblas_use_one_thread(void);

// The name of the processor family whose kernels OpenBLAS has chosen.
const char *copenblas_core(void);

#endif
