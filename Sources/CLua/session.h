/// What the files of CLua share. Every helper states its effect on the stack and whether it raises.
#ifndef CLUA_SESSION_H
#define CLUA_SESSION_H

#include "include/CLua.h"
#if __has_include(<lua5.4/lua.h>)
#include <lua5.4/lauxlib.h>
#include <lua5.4/lua.h>
#include <lua5.4/lualib.h>
#else
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#endif
#include <stdatomic.h>
#include <time.h>

_Static_assert(LUA_VERSION_NUM == 504, "Lua 5.4 is needed");

typedef struct clua_block clua_block;

struct clua_session {
  lua_State *L;
  clua_host host;
  clua_limits limits;
  size_t used;
  uint64_t allocations;
  uint64_t instructions;
  uint64_t deadline;                ///< Nanoseconds of the monotonic clock; 0 outside a run.
  size_t allocated_since_check;
  bool is_capped;
  bool has_host_error;
  clua_status breach;               ///< CLUA_OK, or the limit that was reached: it stays until the run is over.
  atomic_bool is_interrupted;
  clua_block *arena;                ///< Memory of arguments and results, newest block first.
  const clua_value *results;
  size_t result_count;
  clua_failure failure;
  char message[4096];
  char file[1024];
  char last_file[1024];             ///< Where the recipe's own code was last.
  int32_t last_line;
  uint32_t lines;                   ///< How many lines were looked at.
};

/// raises: no.
clua_session *session_of(lua_State *L);
void *clua_allocate(void *context, void *block, size_t old_size, size_t new_size);
uint64_t clua_now(void);
/// Starts to count; the hook raises when a limit is reached. stack: -0 +0; raises: no.
void clua_arm(clua_session *session);
/// Takes the nearest frame of a recipe's own file, or else where its code was last. stack: -0 +0; raises: no.
bool clua_place(lua_State *L, int level, char *file, size_t size, int32_t *line);
/// Makes the line that was seen last the place of the failure, if lines are still looked at.
void clua_last_place(clua_session *session);

/// Memory outside Lua. NULL when there is none. raises: no.
void *clua_arena_take(clua_session *session, size_t size);
clua_block *clua_arena_mark(const clua_session *session);
void clua_arena_reset(clua_session *session, clua_block *mark);

/// Copies of the lowest values of the stack, into the arena. stack: -0 +0; raises: any.
void clua_read(lua_State *L, int count, clua_value *values);
/// Pushes a value. stack: -0 +1; raises: memory.
void clua_push(lua_State *L, const clua_value *value);
/// The function behind every host function: upvalue 1 is its number. raises: any.
int clua_host_call(lua_State *L);
/// Text to function: load(text, chunk name, environment) -> function, or nil and a message. raises: memory.
int clua_load(lua_State *L);
/// The message handler of a run. raises: no.
int clua_message(lua_State *L);

#endif
