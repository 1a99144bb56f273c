/// The only code that sees a lua_State: sessions that run untrusted Lua under limits and call back into a host.
///
/// Invariants:
///  1. No clua_* function raises: each runs its body under one lua_pcall with the traceback handler.
///  2. The host is entered only from host.c, with no Lua resource half-built, and has fully returned before results are
///     pushed or an error is raised. A longjmp never crosses a frame of the host.
///  3. Arguments live until the host's `call` returns; results that the host gives live until it is entered again.
///  4. `release` (from __gc) never touches Lua.
///  5. Every entry restores the stack's top.
#ifndef CLUA_H
#define CLUA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct clua_session clua_session;

typedef enum clua_kind {
  CLUA_NIL, CLUA_BOOLEAN, CLUA_INTEGER, CLUA_NUMBER, CLUA_STRING, CLUA_TABLE, CLUA_OBJECT, CLUA_FUNCTION
} clua_kind;

/// A value on its way between Lua and the host; only the fields of its kind are set.
typedef struct clua_value {
  clua_kind kind;
  uint32_t type;                    ///< Object: which type.
  int64_t integer;                  ///< Boolean (0, 1), integer.
  double number;
  uint64_t handle;                  ///< Object: the host's handle.
  const char *bytes;                ///< String: not terminated.
  size_t count;                     ///< String: bytes. Table: elements of the list part.
  const struct clua_value *list;    ///< Table: values at 1..count.
  const struct clua_value *keys;    ///< Table: string keys in bytewise order.
  const struct clua_value *fields;  ///< Table: their values.
  size_t field_count;
} clua_value;

/// One call from Lua.
typedef struct clua_call {
  uint32_t function;
  const clua_value *arguments;
  size_t argument_count;
  const char *file;                 ///< The nearest frame of a recipe's own file; NULL if there is none.
  int32_t line;
  bool is_shipped;                  ///< Whether a shipped module made the call, on behalf of that file.
  const clua_value *results;        ///< Set by the host, which owns the memory.
  size_t result_count;
} clua_call;

typedef struct clua_host {
  void *context;
  bool (*call)(void *context, clua_call *call);  ///< False: the host holds an error; it comes out of the run.
  void (*release)(void *context, uint32_t type, uint64_t handle);
} clua_host;

typedef struct clua_limits {
  size_t memory;                    ///< Bytes of all Lua values.
  uint64_t instructions;
  double seconds;                   ///< Of Lua time; host calls do not count.
  uint64_t fail_at_allocation;      ///< Tests: this allocation, from 1, and all later ones are refused; 0 for none.
  bool fails_once;                  ///< Tests: only that one is refused; Lua collects garbage and asks again.
} clua_limits;

typedef enum clua_status {
  CLUA_OK, CLUA_ERROR, CLUA_HOST_ERROR, CLUA_SYNTAX_ERROR, CLUA_MEMORY_LIMIT, CLUA_INSTRUCTION_LIMIT, CLUA_TIME_LIMIT,
  CLUA_INTERRUPTED
} clua_status;

/// What went wrong in the last run; strings live until the next entry.
typedef struct clua_failure {
  const char *message;              ///< Without the place.
  const char *file;                 ///< The nearest frame of a recipe's own file, or NULL.
  int32_t line;
} clua_failure;

/// A new session, or NULL when there is no memory for it.
clua_session *clua_open(const clua_limits *limits, const clua_host *host);
void clua_close(clua_session *session);
/// Adds a host function to a group of the table that trusted code gets. False when memory is short.
bool clua_add_function(clua_session *session, const char *group, const char *name, uint32_t function);
/// Adds a type of objects; trusted code finds its metatable in the group "types". False when memory is short.
bool clua_add_type(clua_session *session, const char *name, uint32_t type);
/// Runs trusted code, which gets the host table and returns what the run returns.
clua_status clua_run(clua_session *session, const char *code, size_t count, const char *name);
/// The values that the last run returned; they live until the session closes.
const clua_value *clua_results(const clua_session *session, size_t *count);
const clua_failure *clua_last_failure(const clua_session *session);
/// Asks a running session to stop; may be called from any thread and from signal handlers.
void clua_interrupt(clua_session *session);
uint64_t clua_allocation_count(const clua_session *session);
/// The stack's height between entries, which is always the same.
int clua_top(const clua_session *session);
/// The release of the Lua library.
const char *clua_release(void);

#endif
