// Carries messages between the processes of a run over MPI.
//
// Built by `make mpi` with the compiler of the MPI that is there, as a library that dppa-run opens when it is launched on several
// processes: so one program serves machines with any MPI and with none. Nothing here waits without looking up: whoever calls decides
// what to do meanwhile.
#include <limits.h>
#include <mpi.h>
#include <stdint.h>
#include <stdlib.h>

static MPI_Comm ranks;
static MPI_Request pending = MPI_REQUEST_NULL;
static const int failure_tag = 1;

// Joins the others; gives 0, or the number of an MPI error, or -1 where this MPI cannot be called from several threads in turn.
int dppa_ranks_open(int *rank, int *size) {
  int provided = 0;
  int error = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
  if (error != MPI_SUCCESS) return error;
  if (provided < MPI_THREAD_SERIALIZED) return -1;
  // A communicator of its own, so that nothing else that uses MPI can be mistaken for its messages.
  if ((error = MPI_Comm_dup(MPI_COMM_WORLD, &ranks)) != MPI_SUCCESS) return error;
  MPI_Comm_set_errhandler(ranks, MPI_ERRORS_RETURN);
  if ((error = MPI_Comm_rank(ranks, rank)) != MPI_SUCCESS) return error;
  return MPI_Comm_size(ranks, size);
}

// Begins to gather bytes of all ranks at all: `counts` and `offsets` by rank, in bytes. They must stay until `dppa_ranks_test`
// says that it is done.
int dppa_ranks_gather(const void *own, int count, void *all, const int *counts, const int *offsets) {
  return MPI_Iallgatherv(own, count, MPI_BYTE, all, counts, offsets, MPI_BYTE, ranks, &pending);
}

// The same, but only the first rank gets the bytes; the others have no use for `all`, `counts` and `offsets`.
int dppa_ranks_collect(const void *own, int count, void *all, const int *counts, const int *offsets) {
  return MPI_Igatherv(own, count, MPI_BYTE, all, counts, offsets, MPI_BYTE, 0, ranks, &pending);
}

// Begins to give each rank bytes of its own: `sizes` and `starts` in `own` by rank, and in `all` those of the bytes that each has for
// this one. All must stay until `dppa_ranks_test` says that it is done.
int dppa_ranks_deliver(const void *own, const int *sizes, const int *starts, void *all, const int *counts, const int *offsets) {
  return MPI_Ialltoallv(own, sizes, starts, MPI_BYTE, all, counts, offsets, MPI_BYTE, ranks, &pending);
}

int dppa_ranks_test(int *done) { return MPI_Test(&pending, done, MPI_STATUS_IGNORE); }

// Tells all others that this rank has failed; nobody waits for it to arrive.
int dppa_ranks_signal(int rank, int size) {
  for (int other = 0; other < size; other++) {
    MPI_Request request;
    if (other == rank) continue;
    int error = MPI_Isend(NULL, 0, MPI_BYTE, other, failure_tag, ranks, &request);
    if (error == MPI_SUCCESS) error = MPI_Request_free(&request);
    if (error != MPI_SUCCESS) return error;
  }
  return MPI_SUCCESS;
}

// Whether another rank has told so.
int dppa_ranks_is_signalled(int *flag) {
  return MPI_Iprobe(MPI_ANY_SOURCE, failure_tag, ranks, flag, MPI_STATUS_IGNORE);
}

// Leaves in good order, which all ranks have to.
void dppa_ranks_close(void) {
  int flag = 1;
  // What was signalled has to be received before MPI ends.
  while (MPI_Iprobe(MPI_ANY_SOURCE, failure_tag, ranks, &flag, MPI_STATUS_IGNORE) == MPI_SUCCESS && flag)
    MPI_Recv(NULL, 0, MPI_BYTE, MPI_ANY_SOURCE, failure_tag, ranks, MPI_STATUS_IGNORE);
  MPI_Finalize();
}

// An MPI error in words, at most `size` bytes with the 0 at their end.
void dppa_ranks_words(int error, char *text, int size) {
  char words[MPI_MAX_ERROR_STRING];
  int length = 0;
  if (size < 1) return;
  if (MPI_Error_string(error, words, &length) != MPI_SUCCESS) length = 0;
  if (length > size - 1) length = size - 1;
  for (int index = 0; index < length; index++) text[index] = words[index];
  text[length] = 0;
}
