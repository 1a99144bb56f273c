#include "session.h"
#include <stdlib.h>
#include <string.h>

#define DEPTH_LIMIT 8
#define ENTRY_LIMIT 200000

struct clua_block {
  clua_block *next;
  size_t size, used;
};

void *clua_arena_take(clua_session *session, size_t size) {
  size = (size + 15) & ~(size_t)15;
  clua_block *block = session->arena;
  if (!block || block->size - block->used < size) {
    size_t room = size > 65536 ? size : 65536;
    block = malloc(sizeof(clua_block) + 16 + room);
    if (!block) return NULL;
    *block = (clua_block){.next = session->arena, .size = room, .used = 0};
    session->arena = block;
  }
  void *result = (char *)(block + 1) + block->used;
  block->used += size;
  return result;
}

clua_block *clua_arena_mark(const clua_session *session) { return session->arena; }

// Blocks are freed as a whole: what was taken from the marked block after the mark goes with the block itself.
void clua_arena_reset(clua_session *session, clua_block *mark) {
  while (session->arena && session->arena != mark) {
    clua_block *next = session->arena->next;
    free(session->arena);
    session->arena = next;
  }
}

typedef struct reader {
  clua_session *session;
  const void *path[DEPTH_LIMIT];
  size_t entries, bytes;            ///< Of all values together: one table can be reached a thousand times.
} reader;

/// raises: any.
static void count_entries(lua_State *L, reader *state, size_t count) {
  state->entries = count > ENTRY_LIMIT ? ENTRY_LIMIT + 1 : state->entries + count;
  if (state->entries > ENTRY_LIMIT) luaL_error(L, "a table has more than %d entries", ENTRY_LIMIT);
}

/// raises: any.
static void *take(lua_State *L, reader *state, size_t size) {
  // The copies are not Lua's memory, so its cap does not see them.
  state->bytes += size;
  if (state->bytes > state->session->limits.memory) luaL_error(L, "the values of a call are too large");
  void *memory = clua_arena_take(state->session, size);
  if (!memory) luaL_error(L, "there is no memory for an argument");
  return memory;
}

static int by_bytes(const void *a, const void *b) {
  const clua_value *left = a, *right = b;
  size_t shorter = left->count < right->count ? left->count : right->count;
  int order = memcmp(left->bytes, right->bytes, shorter);
  return order ? order : (left->count > right->count) - (left->count < right->count);
}

static void read(lua_State *L, int index, clua_value *value, reader *state, int depth);

/// stack: -0 +0; raises: any.
static void read_table(lua_State *L, int index, clua_value *value, reader *state, int depth) {
  const void *identity = lua_topointer(L, index);
  for (int level = 0; level < depth; level++) {
    if (state->path[level] == identity) luaL_error(L, "a table contains itself");
  }
  if (depth >= DEPTH_LIMIT) luaL_error(L, "a table is nested more than %d deep", DEPTH_LIMIT);
  state->path[depth] = identity;
  luaL_checkstack(L, 4, "nested tables");

  size_t list_count = lua_rawlen(L, index), field_count = 0, others = 0, numbered = 0;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    if (lua_type(L, -2) == LUA_TSTRING) {
      field_count++;
    } else if (lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 && (size_t)lua_tointeger(L, -2) <= list_count) {
      numbered++;
    } else {
      others++;
    }
    lua_pop(L, 1);
    count_entries(L, state, 1);
  }
  if (others) luaL_error(L, "a table may have a list part and names as keys; this one has other keys, or gaps");
  // A few keys can make a length of 2^62: what is missing takes room as well.
  count_entries(L, state, list_count - numbered);

  clua_value *list = take(L, state, (list_count + 1) * sizeof *list);
  for (size_t position = 0; position < list_count; position++) {
    lua_rawgeti(L, index, (lua_Integer)position + 1);
    read(L, lua_gettop(L), &list[position], state, depth + 1);
    lua_pop(L, 1);
  }
  clua_value *keys = take(L, state, (field_count + 1) * sizeof *keys);
  clua_value *fields = take(L, state, (field_count + 1) * sizeof *fields);
  size_t filled = 0;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    if (lua_type(L, -2) == LUA_TSTRING && filled < field_count) read(L, lua_gettop(L) - 1, &keys[filled++], state, depth + 1);
    lua_pop(L, 1);
  }
  qsort(keys, filled, sizeof *keys, by_bytes);
  for (size_t position = 0; position < filled; position++) {
    lua_pushlstring(L, keys[position].bytes, keys[position].count);
    lua_rawget(L, index);
    read(L, lua_gettop(L), &fields[position], state, depth + 1);
    lua_pop(L, 1);
  }
  value->kind = CLUA_TABLE;
  value->list = list;
  value->count = list_count;
  value->keys = keys;
  value->fields = fields;
  value->field_count = filled;
}

/// stack: -0 +0; raises: any.
static void read(lua_State *L, int index, clua_value *value, reader *state, int depth) {
  *value = (clua_value){.kind = CLUA_NIL};
  switch (lua_type(L, index)) {
    case LUA_TNIL: case LUA_TNONE: return;
    case LUA_TBOOLEAN:
      value->kind = CLUA_BOOLEAN;
      value->integer = lua_toboolean(L, index);
      return;
    case LUA_TNUMBER:
      if (lua_isinteger(L, index)) {
        value->kind = CLUA_INTEGER;
        value->integer = lua_tointeger(L, index);
      } else {
        value->kind = CLUA_NUMBER;
        value->number = lua_tonumber(L, index);
      }
      return;
    case LUA_TSTRING: {
      size_t count;
      const char *text = lua_tolstring(L, index, &count);
      char *copy = take(L, state, count + 1);
      memcpy(copy, text, count + 1);
      value->kind = CLUA_STRING;
      value->bytes = copy;
      value->count = count;
      return;
    }
    case LUA_TTABLE: read_table(L, lua_absindex(L, index), value, state, depth); return;
    case LUA_TUSERDATA: {
      const uint64_t *object = lua_touserdata(L, index);
      value->kind = CLUA_OBJECT;
      value->type = (uint32_t)object[0];
      value->handle = object[1];
      return;
    }
    case LUA_TFUNCTION: value->kind = CLUA_FUNCTION; return;
    default: luaL_error(L, "a %s cannot be an argument", luaL_typename(L, index));
  }
}

void clua_read(lua_State *L, int count, clua_value *values) {
  reader state = {.session = session_of(L)};
  for (int index = 0; index < count; index++) read(L, index + 1, &values[index], &state, 0);
}

void clua_push(lua_State *L, const clua_value *value) {
  luaL_checkstack(L, 4, "results");
  switch (value->kind) {
    case CLUA_BOOLEAN: lua_pushboolean(L, value->integer != 0); return;
    case CLUA_INTEGER: lua_pushinteger(L, value->integer); return;
    case CLUA_NUMBER: lua_pushnumber(L, value->number); return;
    case CLUA_STRING: lua_pushlstring(L, value->bytes, value->count); return;
    case CLUA_TABLE:
      lua_createtable(L, (int)value->count, (int)value->field_count);
      for (size_t index = 0; index < value->count; index++) {
        clua_push(L, &value->list[index]);
        lua_rawseti(L, -2, (lua_Integer)index + 1);
      }
      for (size_t index = 0; index < value->field_count; index++) {
        clua_push(L, &value->keys[index]);
        clua_push(L, &value->fields[index]);
        lua_rawset(L, -3);
      }
      return;
    case CLUA_OBJECT: {
      uint64_t *object = lua_newuserdatauv(L, 2 * sizeof(uint64_t), 0);
      object[0] = value->type;
      object[1] = value->handle;
      lua_rawgeti(L, LUA_REGISTRYINDEX, (lua_Integer)value->type + 1000);
      lua_setmetatable(L, -2);
      return;
    }
    case CLUA_NIL: case CLUA_FUNCTION: lua_pushnil(L); return;
  }
}
