#include <stddef.h>

#include "COpenBLAS.h"

// LAPACK as OpenBLAS carries it; columns first, and with the lengths of texts behind all arguments.
void dgesdd_(const char *jobz, const int *m, const int *n, double *a, const int *lda, double *s, double *u, const int *ldu,
             double *vt, const int *ldvt, double *work, const int *lwork, int *iwork, int *info, size_t jobz_length);
void sgesdd_(const char *jobz, const int *m, const int *n, float *a, const int *lda, float *s, float *u, const int *ldu,
             float *vt, const int *ldvt, float *work, const int *lwork, int *iwork, int *info, size_t jobz_length);
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
             const int *lwork, int *iwork, const int *liwork, int *info, size_t jobz_length, size_t uplo_length);

void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t uplo_length);
void dpotri_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t uplo_length);

// A row-major matrix is its transpose to LAPACK, so that left and right vectors change places.
int copenblas_svd_doubles(int m, int n, double *a, double *s, double *u, double *vt, double *work, int lwork, int *iwork) {
  int r = m < n ? m : n, info = 0;
  dgesdd_("S", &n, &m, a, &n, s, vt, &n, u, &r, work, &lwork, iwork, &info, 1);
  return info;
}

int copenblas_svd_floats(int m, int n, float *a, float *s, float *u, float *vt, float *work, int lwork, int *iwork) {
  int r = m < n ? m : n, info = 0;
  sgesdd_("S", &n, &m, a, &n, s, vt, &n, u, &r, work, &lwork, iwork, &info, 1);
  return info;
}

int copenblas_eigen_doubles(int n, double *a, double *w, double *work, int lwork, int *iwork, int liwork) {
  int info = 0;
  dsyevd_("V", "L", &n, a, &n, w, work, &lwork, iwork, &liwork, &info, 1, 1);
  return info;
}

// What is lower to LAPACK is upper here.
int copenblas_inverse_factor_doubles(int n, double *a) {
  int info = 0;
  dpotrf_("L", &n, a, &n, &info, 1);
  if (info == 0) dpotri_("L", &n, a, &n, &info, 1);
  if (info == 0) dpotrf_("L", &n, a, &n, &info, 1);
  return info;
}
