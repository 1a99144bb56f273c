#include "session.h"
#include <stdio.h>
#include <string.h>

// A call is work outside Lua, where no instruction is counted.
#define CALL_INSTRUCTIONS 100

/// Whether the code that calls ships with the program; the prelude counts as the host itself. stack: -0 +0; raises: no.
static bool is_shipped(lua_State *L) {
  lua_Debug frame;
  for (int level = 1; lua_getstack(L, level, &frame); level++) {
    if (!lua_getinfo(L, "S", &frame)) return false;
    if (strcmp(frame.source, "=[C]") != 0 && strcmp(frame.source, "=dppa.v1") != 0) return frame.source[0] != '@';
  }
  return false;
}

int clua_host_call(lua_State *L) {
  clua_session *session = session_of(L);
  int count = lua_gettop(L);
  clua_block *mark = clua_arena_mark(session);
  // A block of its own: everything taken after the mark is freed with it.
  clua_value *arguments = clua_arena_take(session, (size_t)(count + 1) * sizeof *arguments + 65536);
  if (!arguments) return luaL_error(L, "there is no memory for the arguments");
  clua_read(L, count, arguments);

  char file[1024];
  int32_t line = 0;
  bool has_place = clua_place(L, 1, file, sizeof file, &line);
  clua_call call = {
    .function = (uint32_t)lua_tointeger(L, lua_upvalueindex(1)),
    .arguments = arguments,
    .argument_count = (size_t)count,
    .file = has_place ? file : NULL,
    .line = line,
    .is_shipped = is_shipped(L),
  };
  session->instructions += CALL_INSTRUCTIONS;
  uint64_t entered = clua_now();
  bool is_fine = session->host.call(session->host.context, &call);
  if (session->deadline) session->deadline += clua_now() - entered;
  clua_arena_reset(session, mark);

  if (!is_fine) {
    session->has_host_error = true;
    if (has_place) {
      memcpy(session->file, file, sizeof file);
      session->failure.line = line;
    }
    lua_pushliteral(L, "host");
    return lua_error(L);
  }
  luaL_checkstack(L, (int)call.result_count + 4, "results");
  for (size_t index = 0; index < call.result_count; index++) clua_push(L, &call.results[index]);
  return (int)call.result_count;
}

int clua_load(lua_State *L) {
  size_t count;
  const char *text = luaL_checklstring(L, 1, &count);
  const char *name = luaL_checkstring(L, 2);
  if (luaL_loadbufferx(L, text, count, name, "t") != LUA_OK) {
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
  }
  lua_pushvalue(L, 3);
  lua_setupvalue(L, -2, 1);  // a chunk's only upvalue is its environment
  return 1;
}

/// Cuts "chunk:line: " of a stack frame off the front of a message. stack: -0 +0; raises: no.
static const char *without_place(lua_State *L, const char *message) {
  lua_Debug frame;
  char place[LUA_IDSIZE + 32];
  for (int level = 0; lua_getstack(L, level, &frame); level++) {
    if (!lua_getinfo(L, "Sl", &frame) || frame.currentline < 0) continue;
    int length = snprintf(place, sizeof place, "%s:%d: ", frame.short_src, frame.currentline);
    if (length > 0 && strncmp(message, place, (size_t)length) == 0) return message + length;
  }
  return message;
}

int clua_message(lua_State *L) {
  clua_session *session = session_of(L);
  if (session->has_host_error) return 1;
  if (!clua_place(L, 0, session->file, sizeof session->file, &session->failure.line)) session->file[0] = 0;
  const char *message = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : NULL;
  if (message) {
    snprintf(session->message, sizeof session->message, "%s", without_place(L, message));
  } else {
    snprintf(session->message, sizeof session->message, "error was called with a %s; give it a text", luaL_typename(L, 1));
  }
  return 1;
}
