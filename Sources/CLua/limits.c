#include "session.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Between two looks at the clock, in bytes: one C function can copy strings for seconds without an instruction.
#define CHECK_BYTES ((size_t)8 << 20)
#define HOOK_COUNT 1000
#define LINE_COUNT 200000

uint64_t clua_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static clua_status reached(clua_session *session) {
  if (session->breach != CLUA_OK) return session->breach;
  if (atomic_load_explicit(&session->is_interrupted, memory_order_relaxed)) return CLUA_INTERRUPTED;
  if (session->limits.instructions && session->instructions > session->limits.instructions) return CLUA_INSTRUCTION_LIMIT;
  if (session->deadline && clua_now() > session->deadline) return CLUA_TIME_LIMIT;
  return CLUA_OK;
}

static bool is_refused(const clua_session *session) {
  uint64_t first = session->limits.fail_at_allocation;
  if (!first || session->allocations < first) return false;
  return session->allocations == first || !session->limits.fails_once;
}

void *clua_allocate(void *context, void *block, size_t old_size, size_t new_size) {
  clua_session *session = context;
  // Without a block, Lua says what kind of object it wants in place of the old size.
  size_t before = block ? old_size : 0;
  if (new_size == 0) {
    free(block);
    session->used -= before;
    return NULL;
  }
  if (new_size > before) {
    session->allocations++;
    if (is_refused(session)) return NULL;
    if (session->is_capped && session->used - before + new_size > session->limits.memory) return NULL;
    session->allocated_since_check += new_size - before;
    if (session->allocated_since_check > CHECK_BYTES && session->is_capped) {
      session->allocated_since_check = 0;
      session->breach = reached(session);
      if (session->breach != CLUA_OK) return NULL;
    }
  }
  void *result = realloc(block, new_size);
  if (result) session->used += new_size - before;
  return result;
}

/// raises: any.
static void hook(lua_State *L, lua_Debug *event) {
  clua_session *session = session_of(L);
  if (event->event == LUA_HOOKLINE) {
    // A loop costs much more with this; whoever loops so long can do without the last line.
    if (++session->lines == LINE_COUNT) lua_sethook(L, hook, LUA_MASKCOUNT, HOOK_COUNT);
    lua_getinfo(L, "S", event);
    if (event->source[0] != '@') return;
    // A call in a return statement leaves no frame: then this line is where the recipe called.
    session->last_line = event->currentline;
    if (strcmp(session->last_file, event->source + 1) != 0)
      snprintf(session->last_file, sizeof session->last_file, "%s", event->source + 1);
    return;
  }
  session->instructions += HOOK_COUNT;
  session->breach = reached(session);
  if (session->breach == CLUA_OK) {
    // The last line seen is where a run out of memory is reported, because no handler is called for that.
    clua_place(L, 0, session->file, sizeof session->file, &session->failure.line);
    return;
  }
  lua_sethook(L, hook, LUA_MASKCOUNT, 1);
  lua_pushliteral(L, "limit");
  lua_error(L);
}

void clua_arm(clua_session *session) {
  session->instructions = 0;
  session->breach = CLUA_OK;
  session->last_file[0] = 0;
  session->lines = 0;
  session->deadline = clua_now() + (uint64_t)(session->limits.seconds * 1e9);
  lua_sethook(session->L, hook, LUA_MASKCOUNT | LUA_MASKLINE, HOOK_COUNT);
}

bool clua_place(lua_State *L, int level, char *file, size_t size, int32_t *line) {
  lua_Debug frame;
  for (; lua_getstack(L, level, &frame); level++) {
    if (!lua_getinfo(L, "Sl", &frame) || frame.source[0] != '@' || frame.currentline < 0) continue;
    size_t length = strlen(frame.source + 1);
    if (length >= size) length = size - 1;
    memcpy(file, frame.source + 1, length);
    file[length] = 0;
    *line = frame.currentline;
    return true;
  }
  clua_session *session = session_of(L);
  if (!session->last_file[0]) return false;
  snprintf(file, size, "%s", session->last_file);
  *line = session->last_line;
  return true;
}

void clua_last_place(clua_session *session) {
  if (!session->last_file[0] || session->lines >= LINE_COUNT) return;
  memcpy(session->file, session->last_file, sizeof session->file);
  session->failure.line = session->last_line;
}
