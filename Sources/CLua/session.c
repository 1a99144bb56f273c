#include "session.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int panic(lua_State *L) {
  (void)L;
  fputs("dppa: Lua raised outside a protected call\n", stderr);
  abort();
}

clua_session *session_of(lua_State *L) {
  void *context;
  lua_getallocf(L, &context);
  return context;
}

/// Puts the libraries and the host table into the registry. raises: memory.
static int open_protected(lua_State *L) {
  static const luaL_Reg libraries[] = {
    {LUA_GNAME, luaopen_base}, {LUA_STRLIBNAME, luaopen_string}, {LUA_TABLIBNAME, luaopen_table},
    {LUA_MATHLIBNAME, luaopen_math}, {NULL, NULL}};
  for (const luaL_Reg *library = libraries; library->func; library++) {
    luaL_requiref(L, library->name, library->func, 1);
    lua_pop(L, 1);
  }
  lua_newtable(L);
  lua_pushcfunction(L, clua_load);
  lua_setfield(L, -2, "load");
  lua_setfield(L, LUA_REGISTRYINDEX, "dppa.host");
  return 0;
}

clua_session *clua_open(const clua_limits *limits, const clua_host *host) {
  clua_session *session = calloc(1, sizeof *session);
  if (!session) return NULL;
  session->limits = *limits;
  session->host = *host;
  session->L = lua_newstate(clua_allocate, session);
  if (!session->L) {
    free(session);
    return NULL;
  }
  lua_atpanic(session->L, panic);
  lua_pushcfunction(session->L, open_protected);
  if (lua_pcall(session->L, 0, 0, 0) != LUA_OK) {
    clua_close(session);
    return NULL;
  }
  return session;
}

void clua_close(clua_session *session) {
  if (!session) return;
  // Finalizers of objects run here; they call `release` and need no limit.
  session->is_capped = false;
  session->deadline = 0;
  lua_sethook(session->L, NULL, 0, 0);
  lua_close(session->L);
  clua_arena_reset(session, NULL);
  free(session);
}

typedef struct addition {
  const char *group, *name;
  uint32_t number;
} addition;

/// Pushes a group of the host table, made if there is none. stack: -0 +1; raises: memory.
static void push_group(lua_State *L, const char *group) {
  lua_getfield(L, LUA_REGISTRYINDEX, "dppa.host");
  if (lua_getfield(L, -1, group) == LUA_TNIL) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, group);
  }
  lua_remove(L, -2);
}

/// raises: memory.
static int add_function_protected(lua_State *L) {
  const addition *new = lua_touserdata(L, 1);
  push_group(L, new->group);
  lua_pushinteger(L, new->number);
  lua_pushcclosure(L, clua_host_call, 1);
  lua_setfield(L, -2, new->name);
  return 0;
}

/// raises: no.
static int collect(lua_State *L) {
  clua_session *session = session_of(L);
  const uint64_t *object = lua_touserdata(L, 1);
  if (object) session->host.release(session->host.context, (uint32_t)object[0], object[1]);
  return 0;
}

/// raises: memory.
static int add_type_protected(lua_State *L) {
  const addition *new = lua_touserdata(L, 1);
  push_group(L, "types");
  lua_newtable(L);
  lua_pushstring(L, new->name);
  lua_setfield(L, -2, "__name");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pushcfunction(L, collect);
  lua_setfield(L, -2, "__gc");
  lua_pushvalue(L, -1);
  lua_rawseti(L, LUA_REGISTRYINDEX, (lua_Integer)new->number + 1000);
  lua_setfield(L, -2, new->name);
  return 0;
}

static bool add(clua_session *session, lua_CFunction function, addition *new) {
  lua_State *L = session->L;
  lua_pushcfunction(L, function);
  lua_pushlightuserdata(L, new);
  bool is_fine = lua_pcall(L, 1, 0, 0) == LUA_OK;
  lua_settop(L, 0);
  return is_fine;
}

bool clua_add_function(clua_session *session, const char *group, const char *name, uint32_t function) {
  return add(session, add_function_protected, &(addition){group, name, function});
}

bool clua_add_type(clua_session *session, const char *name, uint32_t type) {
  return add(session, add_type_protected, &(addition){"types", name, type});
}

typedef struct program {
  const char *code, *name;
  size_t count;
} program;

/// raises: any.
static int run_protected(lua_State *L) {
  clua_session *session = session_of(L);
  const program *new = lua_touserdata(L, 1);
  lua_settop(L, 0);
  if (luaL_loadbufferx(L, new->code, new->count, new->name, "t") != LUA_OK) return lua_error(L);
  lua_getfield(L, LUA_REGISTRYINDEX, "dppa.host");
  lua_call(L, 1, LUA_MULTRET);
  int count = lua_gettop(L);
  clua_value *results = clua_arena_take(session, (size_t)(count + 1) * sizeof *results);
  if (!results) return luaL_error(L, "there is no memory for the results");
  clua_read(L, count, results);
  session->results = results;
  session->result_count = (size_t)count;
  return 0;
}

clua_status clua_run(clua_session *session, const char *code, size_t count, const char *name) {
  lua_State *L = session->L;
  session->failure = (clua_failure){0};
  session->message[0] = session->file[0] = 0;
  session->has_host_error = false;
  session->results = NULL;
  session->result_count = 0;
  session->is_capped = true;
  clua_arm(session);
  lua_pushcfunction(L, clua_message);
  lua_pushcfunction(L, run_protected);
  lua_pushlightuserdata(L, &(program){code, name, count});
  int status = lua_pcall(L, 1, 0, 1);
  lua_sethook(L, NULL, 0, 0);
  session->deadline = 0;
  lua_settop(L, 0);
  // No handler is called when memory is out.
  if (status == LUA_ERRMEM && !session->has_host_error) clua_last_place(session);
  session->failure.message = session->message;
  session->failure.file = session->file[0] ? session->file : NULL;
  if (status == LUA_OK) return CLUA_OK;
  if (session->has_host_error) return CLUA_HOST_ERROR;
  if (session->breach != CLUA_OK) return session->breach;
  if (status == LUA_ERRMEM) return CLUA_MEMORY_LIMIT;
  return CLUA_ERROR;
}

const clua_value *clua_results(const clua_session *session, size_t *count) {
  *count = session->result_count;
  return session->results;
}

const clua_failure *clua_last_failure(const clua_session *session) { return &session->failure; }
void clua_interrupt(clua_session *session) { atomic_store_explicit(&session->is_interrupted, true, memory_order_relaxed); }
uint64_t clua_allocation_count(const clua_session *session) { return session->allocations; }
int clua_top(const clua_session *session) { return lua_gettop(session->L); }
const char *clua_release(void) { return LUA_RELEASE; }
