// Drives evaluators that wasm2c has made C of, as shells/drive.js does in JavaScript. `job.h` is made for the
// job: it includes the evaluators, counts them, and says of each what job.json says.
//
//     main FOLDER SUMS MARKS[:FRAME] …      one argument for each policy: 100,1000 or 100,1000:57
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "job.h"

#define TALLIES 46

// What the driver imports: some evaluator's memory and its one function. wasm2c names these by the modules'
// names in the import, and there is one driver for all evaluators.
typedef u32 (*decide_t)(void*, u32);
struct Z_env_instance_t {
  wasm_rt_memory_t* memory;
};
struct Z_ev_instance_t {
  void* evaluator;
  decide_t decide;
};

wasm_rt_memory_t* Z_envZ_memory(struct Z_env_instance_t* env) { return env->memory; }

u32 Z_evZ_pol_decide(struct Z_ev_instance_t* ev, u32 bytes) { return ev->decide(ev->evaluator, bytes); }

struct evaluator {
  void* instance;
  wasm_rt_memory_t* memory;
  decide_t decide;
  u32 (*reserve)(void*, u32, u32);
  u32 (*load)(void*, u32, u32);
};

#define OPEN(k)                                                          \
  static struct evaluator open_##k(void) {                               \
    static Z_e##k##_instance_t instance;                                 \
    Z_e##k##_init_module();                                              \
    Z_e##k##_instantiate(&instance);                                     \
    struct evaluator opened = {                                          \
        &instance, Z_e##k##Z_memory(&instance),                          \
        (decide_t)Z_e##k##Z_pol_decide,                                  \
        (u32(*)(void*, u32, u32))Z_e##k##Z_pol_reserve,                  \
        (u32(*)(void*, u32, u32))Z_e##k##Z_pol_load,                     \
    };                                                                   \
    return opened;                                                       \
  }
EACH(OPEN)

#define OPENER(k) open_##k,
static struct evaluator (*const OPENERS[])(void) = {EACH(OPENER)};

static void die(const char* why) {
  fprintf(stderr, "%s\n", why);
  exit(1);
}

// Reads `FOLDER/K.NAME` to an address of the memory.
static void put(const char* folder, int policy, const char* name, wasm_rt_memory_t* memory, u32 at) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%d.%s", folder, policy, name);
  FILE* file = fopen(path, "rb");
  if (file == NULL) die(path);
  size_t room = memory->size - at;
  size_t got = fread(memory->data + at, 1, room, file);
  if (got == room && fgetc(file) != EOF) die("a file is larger than the memory");
  fclose(file);
}

static void hex(const u8* bytes, u32 count) {
  for (u32 at = 0; at < count; at += 1) printf("%02x", bytes[at]);
}

static void words(Z_driver_instance_t* driver, u32 first) {
  for (u32 at = first; at < first + 8; at += 1) {
    u32 word = Z_driverZ_word(driver, at);
    for (int byte = 0; byte < 32; byte += 8) printf("%02x", (word >> byte) & 255);
  }
}

static void drive(const char* folder, int sums, int policy, char* asked) {
  const struct policy* p = &POLICIES[policy];
  struct evaluator ev = OPENERS[policy]();
  if (ev.reserve(ev.instance, 2, p->facts_bytes) != 1) die("no room for the facts");
  put(folder, policy, "facts", ev.memory, p->facts_at);
  if (ev.load(ev.instance, 2, p->facts_bytes) != 1) die("the facts were refused");
  if (wasm_rt_grow_memory(ev.memory, p->pages - ev.memory->pages) == 0xffffffff) die("no memory");
  struct Z_env_instance_t env = {ev.memory};
  struct Z_ev_instance_t import = {ev.instance, ev.decide};
  static Z_driver_instance_t driver;
  memset(&driver, 0, sizeof driver);
  Z_driver_instantiate(&driver, &env, &import);
  put(folder, policy, "pool", ev.memory, p->pool_at);
  Z_driverZ_setup(&driver, p->frame_at, p->frame_bytes, p->result_at, p->obligations_at, p->pool_at,
                  p->shapes_at, SEED);
  printf("{\"marks\":[");
  u32 from = 0;
  char* next = asked;
  for (const char* comma = ""; next != NULL; comma = ",") {
    u32 mark = (u32)strtoul(next, &next, 10);
    next = *next == ',' ? next + 1 : NULL;
    Z_driverZ_run(&driver, from, mark);
    from = mark;
    printf("%s{\"chain\":\"", comma);
    words(&driver, 0);
    printf("\",\"sum\":\"");
    if (sums) {
      Z_driverZ_sumMemory(&driver, p->memory_bytes);
      words(&driver, 8);
    }
    printf("\"}");
  }
  printf("],\"tally\":[");
  for (u32 at = 0; at < TALLIES; at += 1) printf("%s%u", at == 0 ? "" : ",", Z_driverZ_tally(&driver, at));
  printf("],\"frame\":\"");
  char* shown = strchr(asked, ':');
  if (shown != NULL) {
    u32 bytes = Z_driverZ_show(&driver, (u32)strtoul(shown + 1, NULL, 10));
    hex(ev.memory->data + p->frame_at, bytes);
    ev.decide(ev.instance, bytes);
    printf("\",\"result\":\"");
    hex(ev.memory->data + p->result_at, 64);
    printf("\"}");
  } else {
    printf("\",\"result\":\"\"}");
  }
}

int main(int count, char** arguments) {
  if (count != 3 + POLICY_COUNT) die("main FOLDER SUMS MARKS…");
  wasm_rt_init();
  Z_driver_init_module();
  printf("{\"policies\":[");
  for (int policy = 0; policy < POLICY_COUNT; policy += 1) {
    if (policy > 0) printf(",");
    drive(arguments[1], atoi(arguments[2]), policy, arguments[3 + policy]);
  }
  printf("]}\n");
  return 0;
}
