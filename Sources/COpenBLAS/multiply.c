#include "COpenBLAS.h"

#include <cblas.h>

void copenblas_multiply(int m, int n, int k, float alpha, const float *a, int lda, const float *b, int ldb, int transposed,
                        float beta, float *c, int ldc) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, transposed ? CblasTrans : CblasNoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c,
              ldc);
}

void copenblas_use_one_thread(void) { openblas_set_num_threads(1); }

const char *copenblas_configuration(void) { return openblas_get_config(); }

const char *copenblas_core(void) { return openblas_get_corename(); }

void copenblas_multiply_doubles(int m, int n, int k, const double *a, int lda, int a_transposed, const double *b, int ldb,
                                int b_transposed, double *c, int ldc) {
  cblas_dgemm(CblasRowMajor, a_transposed ? CblasTrans : CblasNoTrans, b_transposed ? CblasTrans : CblasNoTrans, m, n, k, 1, a,
              lda, b, ldb, 0, c, ldc);
}

void copenblas_add_transposed(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c, int ldc) {
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, n, k, 1, a, lda, b, ldb, 1, c, ldc);
}
