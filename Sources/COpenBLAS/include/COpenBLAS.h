// Matrix products and decompositions by OpenBLAS: the only code that sees it. All run on the caller's thread alone.
#ifndef COPENBLAS_H
#define COPENBLAS_H

// c = alpha * a * b + beta * c in float32, row-major: a is m x k with rows lda apart, c is m x n with rows ldc apart; b is
// k x n, or n x k when `transposed` is nonzero, with rows ldb apart.
void copenblas_multiply(int m, int n, int k, float alpha, const float *a, int lda, const float *b, int ldb, int transposed,
                        float beta, float *c, int ldc);

// c = a * b in float64, row-major: a is m x k, or k x m when `a_transposed` is nonzero; b is k x n, or n x k when
// `b_transposed` is nonzero.
void copenblas_multiply_doubles(int m, int n, int k, const double *a, int lda, int a_transposed, const double *b, int ldb,
                                int b_transposed, double *c, int ldc);

// c += a^T * b in float32, row-major: a is k x m with rows lda apart, b is k x n with rows ldb apart, c is m x n with rows ldc apart.
void copenblas_add_transposed(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c, int ldc);

// Overwrites the symmetric n x n matrix a, row-major, with the upper factor u of its inverse, a^-1 = u^T u (LAPACK's potrf and
// potri); what is below the diagonal is of no use. Returns LAPACK's info: above 0 when a is not positive definite.
int copenblas_inverse_factor_doubles(int n, double *a);

// The thin singular value decomposition of a, m x n and row-major, which it overwrites (LAPACK's gesdd): s has r = min(m, n)
// numbers in descending order, u is m x r and vt r x n, both row-major; iwork has 8 r ints. With lwork = -1 nothing is done
// but the wanted lwork left in work[0]. Returns LAPACK's info: 0 for success, above 0 when it does not converge.
int copenblas_svd_doubles(int m, int n, double *a, double *s, double *u, double *vt, double *work, int lwork, int *iwork);
int copenblas_svd_floats(int m, int n, float *a, float *s, float *u, float *vt, float *work, int lwork, int *iwork);

// Eigenvalues w, ascending, of the symmetric n x n matrix a, which is overwritten with the eigenvectors, one a row (LAPACK's
// syevd). With lwork = -1 the wanted sizes are left in work[0] and iwork[0]. Returns LAPACK's info.
int copenblas_eigen_doubles(int n, double *a, double *w, double *work, int lwork, int *iwork, int liwork);

// Tells OpenBLAS to start no threads of its own; to be called once, before the first product.
void copenblas_use_one_thread(void);

// The name of the processor family whose kernels OpenBLAS has chosen.
const char *copenblas_core(void);

// The library's name, version and how it was built, with spaces between.
const char *copenblas_configuration(void);

#endif
