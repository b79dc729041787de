#define _GNU_SOURCE
#include "SimulatedDisk.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

// MARK: State

/// One write or truncation since the last sync, with what it takes to undo and redo it.
typedef struct operation {
  struct operation *next;
  int64_t offset;
  int64_t old_size;
  /// Bytes that were there before (up to the old end of the file), then the bytes written.
  int64_t old_length;
  int64_t new_length;
  int is_truncation;
  uint8_t bytes[];
} operation;

typedef struct file {
  struct file *next;
  char *name;
  uint8_t *data;
  int64_t size;
  int64_t capacity;
  int references;
  int is_dead;
  /// The newest operation first.
  operation *unsynced;
  int shared_locks;
  int has_reserved;
  int has_pending;
  int has_exclusive;
  // The WAL index.
  uint8_t **regions;
  int region_count;
  int region_bytes;
  int shm_shared[SQLITE_SHM_NLOCK];
  int shm_exclusive[SQLITE_SHM_NLOCK];
} file;

typedef struct handle {
  sqlite3_file base;
  file *file;
  int lock;
  int delete_on_close;
  uint16_t shm_shared;
  uint16_t shm_exclusive;
} handle;

enum { machine_count_max = 64, prefix_bytes = 64, sector_bytes = 512, cached_pages = 4096 };

typedef struct machine {
  char prefix[prefix_bytes];
  int64_t crash_countdown;
  int64_t failure_countdown;
  int loss;
  uint64_t random;
  int has_crashed;
  int64_t bytes_left;
} machine;

struct simulated_image {
  int64_t size;
  uint8_t bytes[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static file *files;
static machine machines[machine_count_max];
static int machine_count;
static int64_t now_milliseconds;
static uint64_t random_state = 1;
static int64_t operations;
/// The VFS that was the default before, for files that are not the simulator's.
static sqlite3_vfs *real_vfs;

static const char root[] = "/sim/";

static int is_simulated(const char *name) {
  return name == NULL || strncmp(name, root, sizeof root - 1) == 0;
}

static uint64_t next_random(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// MARK: Files

static file *find(const char *name) {
  for (file *f = files; f; f = f->next) {
    if (strcmp(f->name, name) == 0) return f;
  }
  return NULL;
}

static file *make(const char *name) {
  file *f = calloc(1, sizeof(file));
  f->name = strdup(name ? name : "");
  if (name) {
    f->next = files;
    files = f;
  }
  return f;
}

static void forget_operations(file *f) {
  while (f->unsynced) {
    operation *o = f->unsynced;
    f->unsynced = o->next;
    free(o);
  }
}

static void destroy(file *f) {
  forget_operations(f);
  for (int i = 0; i < f->region_count; i++) free(f->regions[i]);
  free(f->regions);
  free(f->data);
  free(f->name);
  free(f);
}

/// Takes a file out of the namespace; it goes when its last handle is closed.
static void unlink_file(file *f) {
  for (file **p = &files; *p; p = &(*p)->next) {
    if (*p != f) continue;
    *p = f->next;
    break;
  }
  f->next = NULL;
  f->is_dead = 1;
  if (f->references == 0) destroy(f);
}

static void set_size(file *f, int64_t size) {
  if (size > f->capacity) {
    int64_t capacity = f->capacity ? f->capacity : 8192;
    while (capacity < size) capacity *= 2;
    f->data = realloc(f->data, (size_t)capacity);
    f->capacity = capacity;
  }
  if (size > f->size) memset(f->data + f->size, 0, (size_t)(size - f->size));
  f->size = size;
}

static void place(file *f, int64_t offset, const uint8_t *bytes, int64_t length) {
  if (offset + length > f->size) set_size(f, offset + length);
  memcpy(f->data + offset, bytes, (size_t)length);
}

static void note(file *f, int64_t offset, const uint8_t *bytes, int64_t length) {
  int64_t old_length = f->size - offset;
  if (old_length < 0) old_length = 0;
  if (bytes && old_length > length) old_length = length;
  operation *o = malloc(sizeof(operation) + (size_t)(old_length + length));
  o->offset = offset;
  o->old_size = f->size;
  o->old_length = old_length;
  o->new_length = length;
  o->is_truncation = bytes == NULL;
  if (old_length) memcpy(o->bytes, f->data + offset, (size_t)old_length);
  if (length) memcpy(o->bytes + old_length, bytes, (size_t)length);
  o->next = f->unsynced;
  f->unsynced = o;
}

// MARK: Crashes

static operation *undo_last(file *f) {
  operation *o = f->unsynced;
  f->unsynced = o->next;
  set_size(f, o->old_size);
  if (o->old_length) memcpy(f->data + o->offset, o->bytes, (size_t)o->old_length);
  return o;
}

/// Puts back what was there before all operations since the last sync, and returns them in order.
static operation *roll_back(file *f) {
  operation *in_order = NULL;
  while (f->unsynced) {
    operation *o = undo_last(f);
    o->next = in_order;
    in_order = o;
  }
  return in_order;
}

static void redo(file *f, const operation *o) {
  if (o->is_truncation) {
    set_size(f, o->offset);
  } else {
    place(f, o->offset, o->bytes + o->old_length, o->new_length);
  }
}

/// Does a part of a write: some of its sectors, or its beginning.
static void tear(file *f, const operation *o, uint64_t *random) {
  if (o->is_truncation) return;
  const uint8_t *bytes = o->bytes + o->old_length;
  if (next_random(random) & 1) {
    place(f, o->offset, bytes, (int64_t)(next_random(random) % (uint64_t)(o->new_length + 1)));
    return;
  }
  for (int64_t start = 0; start < o->new_length; start += sector_bytes) {
    int64_t length = o->new_length - start;
    if (length > sector_bytes) length = sector_bytes;
    if (next_random(random) & 1) place(f, o->offset + start, bytes + start, length);
  }
}

static void survive(file *f, int loss, uint64_t *random) {
  if (loss == simulated_loss_none) {
    forget_operations(f);
    return;
  }
  operation *in_order = roll_back(f);
  int64_t count = 0;
  for (operation *o = in_order; o; o = o->next) count++;
  int64_t kept = (int64_t)(next_random(random) % (uint64_t)(count + 1));
  int64_t index = 0;
  while (in_order) {
    operation *o = in_order;
    in_order = o->next;
    if (loss == simulated_loss_tail) {
      if (index < kept) redo(f, o);
      if (index == kept) tear(f, o, random);
    } else {
      uint64_t fate = next_random(random) % 3;
      if (fate == 0) redo(f, o);
      if (fate == 1) tear(f, o, random);
    }
    index++;
    free(o);
  }
}

/// Leaves a file's handles with a dead file; the name goes on with the bytes.
static void kill_handles(file *dead) {
  if (dead->references == 0) return;
  file *live = calloc(1, sizeof(file));
  live->name = strdup(dead->name);
  live->data = dead->data;
  live->size = dead->size;
  live->capacity = dead->capacity;
  dead->data = NULL;
  dead->size = dead->capacity = 0;
  dead->is_dead = 1;
  for (file **p = &files; *p; p = &(*p)->next) {
    if (*p != dead) continue;
    live->next = dead->next;
    *p = live;
    break;
  }
  dead->next = NULL;
}

static int has_prefix(const char *name, const char *prefix) {
  return strncmp(name, prefix, strlen(prefix)) == 0;
}

/// The order of files in the list depends on when they were made, so each draws from its own name.
static uint64_t seed_for(const file *f, uint64_t random) {
  uint64_t hash = 0xcbf29ce484222325u ^ random;
  for (const char *c = f->name; *c; c++) hash = (hash ^ (uint8_t)*c) * 0x100000001b3u;
  return hash;
}

static void crash(const char *prefix, int loss, uint64_t random) {
  file *f = files;
  while (f) {
    file *next = f->next;
    if (has_prefix(f->name, prefix)) {
      uint64_t own = seed_for(f, random);
      survive(f, loss, &own);
      kill_handles(f);
    }
    f = next;
  }
}

static machine *machine_for(const char *prefix) {
  for (int i = 0; i < machine_count; i++) {
    if (strcmp(machines[i].prefix, prefix) == 0) return &machines[i];
  }
  if (machine_count == machine_count_max) abort();
  machine *m = &machines[machine_count++];
  memset(m, 0, sizeof *m);
  strncpy(m->prefix, prefix, prefix_bytes - 1);
  m->bytes_left = -1;
  return m;
}

static machine *machine_of(const file *f) {
  for (int i = 0; i < machine_count; i++) {
    if (has_prefix(f->name, machines[i].prefix)) return &machines[i];
  }
  return NULL;
}

/// Counts one write or sync. Returns SQLITE_OK if it may go ahead.
static int pass(file *f, int code) {
  if (f->is_dead) return code;
  operations++;
  machine *m = machine_of(f);
  if (!m) return SQLITE_OK;
  if (m->failure_countdown > 0 && --m->failure_countdown == 0) return code;
  if (m->crash_countdown > 0 && --m->crash_countdown == 0) {
    m->has_crashed = 1;
    crash(m->prefix, m->loss, m->random);
    return code;
  }
  return SQLITE_OK;
}

// MARK: sqlite3_io_methods

#define ENTER pthread_mutex_lock(&lock)
#define LEAVE(result)                                                                              \
  do {                                                                                             \
    int code_ = (result);                                                                          \
    pthread_mutex_unlock(&lock);                                                                   \
    return code_;                                                                                  \
  } while (0)

static int close_unlocked(handle *h) {
  file *f = h->file;
  if (!f) return SQLITE_OK;
  h->file = NULL;
  f->references--;
  if (f->references > 0) return SQLITE_OK;
  if (f->is_dead || f->name[0] == 0) {
    destroy(f);
  } else if (h->delete_on_close) {
    unlink_file(f);
  }
  return SQLITE_OK;
}

static int on_close(sqlite3_file *base) {
  ENTER;
  LEAVE(close_unlocked((handle *)base));
}

static int on_read(sqlite3_file *base, void *buffer, int length, sqlite3_int64 offset) {
  ENTER;
  file *f = ((handle *)base)->file;
  if (f->is_dead) LEAVE(SQLITE_IOERR_READ);
  int64_t available = f->size - offset;
  if (available >= length) {
    memcpy(buffer, f->data + offset, (size_t)length);
    LEAVE(SQLITE_OK);
  }
  if (available < 0) available = 0;
  if (available) memcpy(buffer, f->data + offset, (size_t)available);
  memset((char *)buffer + available, 0, (size_t)(length - available));
  LEAVE(SQLITE_IOERR_SHORT_READ);
}

static int on_write(sqlite3_file *base, const void *bytes, int length, sqlite3_int64 offset) {
  ENTER;
  file *f = ((handle *)base)->file;
  if (f->is_dead) LEAVE(SQLITE_IOERR_WRITE);
  if (f->name[0] == 0) {
    place(f, offset, bytes, length);
    LEAVE(SQLITE_OK);
  }
  machine *m = machine_of(f);
  int64_t growth = offset + length - f->size;
  if (m && m->bytes_left >= 0 && growth > 0) {
    if (growth > m->bytes_left) LEAVE(SQLITE_FULL);
    m->bytes_left -= growth;
  }
  // Done before it is counted: the write that a machine stops at may have reached the disk in part.
  note(f, offset, bytes, length);
  place(f, offset, bytes, length);
  int code = pass(f, SQLITE_IOERR_WRITE);
  if (code != SQLITE_OK && !f->is_dead) free(undo_last(f));
  LEAVE(code);
}

static int on_truncate(sqlite3_file *base, sqlite3_int64 size) {
  ENTER;
  file *f = ((handle *)base)->file;
  if (f->is_dead) LEAVE(SQLITE_IOERR_TRUNCATE);
  if (f->name[0] == 0) {
    set_size(f, size);
    LEAVE(SQLITE_OK);
  }
  int code = pass(f, SQLITE_IOERR_TRUNCATE);
  if (code != SQLITE_OK) LEAVE(code);
  note(f, size, NULL, 0);
  set_size(f, size);
  LEAVE(SQLITE_OK);
}

static int on_sync(sqlite3_file *base, int flags) {
  (void)flags;
  ENTER;
  file *f = ((handle *)base)->file;
  if (f->is_dead) LEAVE(SQLITE_IOERR_FSYNC);
  int code = pass(f, SQLITE_IOERR_FSYNC);
  if (code != SQLITE_OK) LEAVE(code);
  forget_operations(f);
  LEAVE(SQLITE_OK);
}

static int on_file_size(sqlite3_file *base, sqlite3_int64 *size) {
  ENTER;
  file *f = ((handle *)base)->file;
  if (f->is_dead) LEAVE(SQLITE_IOERR_FSTAT);
  *size = f->size;
  LEAVE(SQLITE_OK);
}

static int on_lock(sqlite3_file *base, int level) {
  ENTER;
  handle *h = (handle *)base;
  file *f = h->file;
  if (f->is_dead) LEAVE(SQLITE_IOERR_LOCK);
  if (h->lock >= level) LEAVE(SQLITE_OK);
  if (level == SQLITE_LOCK_SHARED) {
    if (f->has_pending || f->has_exclusive) LEAVE(SQLITE_BUSY);
    f->shared_locks++;
    h->lock = SQLITE_LOCK_SHARED;
    LEAVE(SQLITE_OK);
  }
  if (h->lock < SQLITE_LOCK_RESERVED) {
    if (f->has_reserved) LEAVE(SQLITE_BUSY);
    f->has_reserved = 1;
    h->lock = SQLITE_LOCK_RESERVED;
  }
  if (level == SQLITE_LOCK_RESERVED) LEAVE(SQLITE_OK);
  f->has_pending = 1;
  h->lock = SQLITE_LOCK_PENDING;
  if (f->shared_locks > 1) LEAVE(SQLITE_BUSY);
  f->has_exclusive = 1;
  h->lock = SQLITE_LOCK_EXCLUSIVE;
  LEAVE(SQLITE_OK);
}

static int on_unlock(sqlite3_file *base, int level) {
  ENTER;
  handle *h = (handle *)base;
  file *f = h->file;
  if (h->lock > SQLITE_LOCK_SHARED) f->has_reserved = f->has_pending = f->has_exclusive = 0;
  if (h->lock >= SQLITE_LOCK_SHARED && level == SQLITE_LOCK_NONE) f->shared_locks--;
  if (h->lock > level) h->lock = level;
  LEAVE(SQLITE_OK);
}

static int on_check_reserved_lock(sqlite3_file *base, int *result) {
  ENTER;
  *result = ((handle *)base)->file->has_reserved;
  LEAVE(SQLITE_OK);
}

static int on_file_control(sqlite3_file *base, int operation, void *argument) {
  (void)base;
  (void)operation;
  (void)argument;
  return SQLITE_NOTFOUND;
}

static int on_sector_size(sqlite3_file *base) {
  (void)base;
  return 4096;
}

static int on_device_characteristics(sqlite3_file *base) {
  (void)base;
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int on_shm_map(
    sqlite3_file *base, int region, int bytes, int extend, void volatile **memory) {
  ENTER;
  file *f = ((handle *)base)->file;
  *memory = NULL;
  if (f->is_dead) LEAVE(SQLITE_IOERR_SHMMAP);
  if (region >= f->region_count) {
    if (!extend) LEAVE(SQLITE_OK);
    f->regions = realloc(f->regions, sizeof(uint8_t *) * (size_t)(region + 1));
    while (f->region_count <= region) f->regions[f->region_count++] = calloc(1, (size_t)bytes);
    f->region_bytes = bytes;
  }
  *memory = f->regions[region];
  LEAVE(SQLITE_OK);
}

static int on_shm_lock(sqlite3_file *base, int offset, int count, int flags) {
  ENTER;
  handle *h = (handle *)base;
  file *f = h->file;
  uint16_t mask = (uint16_t)(((1u << count) - 1) << offset);
  if (flags & SQLITE_SHM_UNLOCK) {
    for (int i = offset; i < offset + count; i++) {
      uint16_t bit = (uint16_t)(1u << i);
      if (h->shm_exclusive & bit) f->shm_exclusive[i] = 0;
      if (h->shm_shared & bit) f->shm_shared[i]--;
    }
    h->shm_exclusive &= (uint16_t)~mask;
    h->shm_shared &= (uint16_t)~mask;
    LEAVE(SQLITE_OK);
  }
  if (f->is_dead) LEAVE(SQLITE_IOERR_SHMLOCK);
  if (flags & SQLITE_SHM_SHARED) {
    if (h->shm_shared & mask) LEAVE(SQLITE_OK);
    if (f->shm_exclusive[offset]) LEAVE(SQLITE_BUSY);
    f->shm_shared[offset]++;
    h->shm_shared |= mask;
    LEAVE(SQLITE_OK);
  }
  for (int i = offset; i < offset + count; i++) {
    if (h->shm_exclusive & (1u << i)) continue;
    int own = (h->shm_shared >> i) & 1;
    if (f->shm_exclusive[i] || f->shm_shared[i] > own) LEAVE(SQLITE_BUSY);
  }
  for (int i = offset; i < offset + count; i++) f->shm_exclusive[i] = 1;
  h->shm_exclusive |= mask;
  LEAVE(SQLITE_OK);
}

static void on_shm_barrier(sqlite3_file *base) {
  (void)base;
  __sync_synchronize();
}

static int on_shm_unmap(sqlite3_file *base, int delete) {
  ENTER;
  file *f = ((handle *)base)->file;
  if (delete && !f->is_dead) {
    for (int i = 0; i < f->region_count; i++) free(f->regions[i]);
    free(f->regions);
    f->regions = NULL;
    f->region_count = 0;
  }
  LEAVE(SQLITE_OK);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_file_size,
    .xLock = on_lock,
    .xUnlock = on_unlock,
    .xCheckReservedLock = on_check_reserved_lock,
    .xFileControl = on_file_control,
    .xSectorSize = on_sector_size,
    .xDeviceCharacteristics = on_device_characteristics,
    .xShmMap = on_shm_map,
    .xShmLock = on_shm_lock,
    .xShmBarrier = on_shm_barrier,
    .xShmUnmap = on_shm_unmap,
};

// MARK: sqlite3_vfs

static int on_open(
    sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out_flags) {
  (void)vfs;
  if (!is_simulated(name)) return real_vfs->xOpen(real_vfs, name, base, flags, out_flags);
  ENTER;
  handle *h = (handle *)base;
  memset(h, 0, sizeof *h);
  file *f = name ? find(name) : NULL;
  if (!f) {
    if (name && !(flags & SQLITE_OPEN_CREATE)) LEAVE(SQLITE_CANTOPEN);
    f = make(name);
  }
  f->references++;
  h->file = f;
  h->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  h->base.pMethods = &methods;
  if (out_flags) *out_flags = flags;
  LEAVE(SQLITE_OK);
}

static int on_delete(sqlite3_vfs *vfs, const char *name, int sync_directory) {
  (void)vfs;
  if (!is_simulated(name)) return real_vfs->xDelete(real_vfs, name, sync_directory);
  ENTER;
  file *f = find(name);
  if (!f) LEAVE(SQLITE_IOERR_DELETE_NOENT);
  int code = pass(f, SQLITE_IOERR_DELETE);
  if (code != SQLITE_OK) LEAVE(code);
  unlink_file(f);
  LEAVE(SQLITE_OK);
}

static int on_access(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
  (void)vfs;
  if (!is_simulated(name)) return real_vfs->xAccess(real_vfs, name, flags, result);
  ENTER;
  file *f = find(name);
  *result = f && (flags != SQLITE_ACCESS_EXISTS || f->size > 0);
  LEAVE(SQLITE_OK);
}

static int on_full_pathname(sqlite3_vfs *vfs, const char *name, int length, char *out) {
  (void)vfs;
  if (!is_simulated(name)) return real_vfs->xFullPathname(real_vfs, name, length, out);
  if ((int)strlen(name) >= length) return SQLITE_CANTOPEN;
  strcpy(out, name);
  return SQLITE_OK;
}

static int on_randomness(sqlite3_vfs *vfs, int length, char *out) {
  (void)vfs;
  ENTER;
  for (int i = 0; i < length; i++) out[i] = (char)next_random(&random_state);
  LEAVE(length);
}

static int on_sleep(sqlite3_vfs *vfs, int microseconds) {
  (void)vfs;
  return microseconds;
}

static int on_current_time_int64(sqlite3_vfs *vfs, sqlite3_int64 *time) {
  (void)vfs;
  if (now_milliseconds == 0) return real_vfs->xCurrentTimeInt64(real_vfs, time);
  *time = now_milliseconds + 210866760000000;
  return SQLITE_OK;
}

static int on_current_time(sqlite3_vfs *vfs, double *time) {
  sqlite3_int64 milliseconds;
  on_current_time_int64(vfs, &milliseconds);
  *time = (double)milliseconds / 86400000.0;
  return SQLITE_OK;
}

static int on_last_error(sqlite3_vfs *vfs, int length, char *out) {
  (void)vfs;
  (void)length;
  (void)out;
  return 0;
}

static sqlite3_vfs simulated_vfs = {
    .iVersion = 2,
    .szOsFile = sizeof(handle),
    .mxPathname = 512,
    .zName = "simulated",
    .xOpen = on_open,
    .xDelete = on_delete,
    .xAccess = on_access,
    .xFullPathname = on_full_pathname,
    .xRandomness = on_randomness,
    .xSleep = on_sleep,
    .xCurrentTime = on_current_time,
    .xGetLastError = on_last_error,
    .xCurrentTimeInt64 = on_current_time_int64,
};

// MARK: For the simulator

int simulated_disk_install(void) {
  if (real_vfs) return SQLITE_OK;
  // Many short-lived statements: no counting of memory, and room for them beside the heap. Where
  // SQLite runs already, both stay as they are.
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 1200, 500);
  // Pages too: a cache that is given back to the heap with every connection costs a sixth of it all.
  int header = 0;
  sqlite3_config(SQLITE_CONFIG_PCACHE_HDRSZ, &header);
  int page = (4096 + header + 7) / 8 * 8;
  void *pages = malloc((size_t)page * cached_pages);
  if (pages) sqlite3_config(SQLITE_CONFIG_PAGECACHE, pages, page, cached_pages);
  real_vfs = sqlite3_vfs_find(NULL);
  if (real_vfs->szOsFile > simulated_vfs.szOsFile) simulated_vfs.szOsFile = real_vfs->szOsFile;
  return sqlite3_vfs_register(&simulated_vfs, 1);
}

void simulated_disk_reset(void) {
  ENTER;
  while (files) unlink_file(files);
  machine_count = 0;
  operations = 0;
  now_milliseconds = 0;
  pthread_mutex_unlock(&lock);
}

void simulated_disk_set_time(int64_t unix_milliseconds) { now_milliseconds = unix_milliseconds; }

void simulated_disk_set_random(uint64_t seed) {
  random_state = seed;
  // Without this SQLite goes on with what it drew for an earlier seed.
  sqlite3_randomness(0, NULL);
}

int64_t simulated_disk_size(const char *path) {
  ENTER;
  file *f = find(path);
  int64_t size = f ? f->size : -1;
  pthread_mutex_unlock(&lock);
  return size;
}

static void put(const uint8_t *bytes, int64_t size, const char *path) {
  file *f = find(path);
  if (f) unlink_file(f);
  f = make(path);
  place(f, 0, bytes, size);
}

int simulated_disk_copy(const char *from, const char *to) {
  simulated_image *image = simulated_disk_take(from);
  if (!image) return 0;
  simulated_disk_put(image, to);
  simulated_image_free(image);
  return 1;
}

void simulated_disk_remove(const char *path) {
  ENTER;
  file *f = find(path);
  if (f) unlink_file(f);
  pthread_mutex_unlock(&lock);
}

int simulated_disk_flip(const char *path, int64_t offset, uint8_t mask) {
  ENTER;
  file *f = find(path);
  int is_there = f && offset >= 0 && offset < f->size;
  if (is_there) f->data[offset] ^= mask;
  LEAVE(is_there);
}

simulated_image *simulated_disk_take(const char *path) {
  ENTER;
  file *f = find(path);
  simulated_image *image = NULL;
  if (f) {
    image = malloc(sizeof(simulated_image) + (size_t)f->size);
    image->size = f->size;
    if (f->size) memcpy(image->bytes, f->data, (size_t)f->size);
  }
  pthread_mutex_unlock(&lock);
  return image;
}

void simulated_disk_put(const simulated_image *image, const char *path) {
  ENTER;
  put(image->bytes, image->size, path);
  pthread_mutex_unlock(&lock);
}

void simulated_image_free(simulated_image *image) { free(image); }

void simulated_disk_crash(const char *prefix, int loss, uint64_t random) {
  ENTER;
  crash(prefix, loss, random);
  pthread_mutex_unlock(&lock);
}

void simulated_disk_crash_after(const char *prefix, int64_t count, int loss, uint64_t random) {
  ENTER;
  machine *m = machine_for(prefix);
  m->crash_countdown = count;
  m->loss = loss;
  m->random = random;
  pthread_mutex_unlock(&lock);
}

void simulated_disk_fail_after(const char *prefix, int64_t count) {
  ENTER;
  machine_for(prefix)->failure_countdown = count;
  pthread_mutex_unlock(&lock);
}

int simulated_disk_has_crashed(const char *prefix) {
  ENTER;
  machine *m = machine_for(prefix);
  int has_crashed = m->has_crashed;
  m->has_crashed = 0;
  LEAVE(has_crashed);
}

void simulated_disk_disarm(const char *prefix) {
  ENTER;
  machine *m = machine_for(prefix);
  m->crash_countdown = m->failure_countdown = 0;
  pthread_mutex_unlock(&lock);
}

void simulated_disk_limit(const char *prefix, int64_t bytes) {
  ENTER;
  machine_for(prefix)->bytes_left = bytes;
  pthread_mutex_unlock(&lock);
}

int64_t simulated_disk_operations(void) { return operations; }

int simulated_set_triggers(void *connection, int enabled) {
  return sqlite3_db_config((sqlite3 *)connection, SQLITE_DBCONFIG_ENABLE_TRIGGER, enabled, NULL);
}

// MARK: What statements read

typedef int (*authorizer)(void *, int, const char *, const char *, const char *, const char *);

static authorizer listener;

static int without_reads(
    void *context, int action, const char *one, const char *two, const char *three,
    const char *four) {
  return action == SQLITE_READ ? SQLITE_OK : listener(context, action, one, two, three, four);
}

/// Takes the place of SQLite's own function for the program that this is linked into.
///
/// GRDB has itself told of every column that a statement reads, for those who observe tables, and
/// notes it in a set of sets. Nobody observes tables here, and a life prepares thousands of
/// statements: that was a seventh of all the time.
int sqlite3_set_authorizer(sqlite3 *connection, authorizer callback, void *context) {
  static int (*original)(sqlite3 *, authorizer, void *);
  if (!original) {
    original = (int (*)(sqlite3 *, authorizer, void *))dlsym(RTLD_NEXT, "sqlite3_set_authorizer");
  }
  if (!real_vfs || !callback) return original(connection, callback, context);
  listener = callback;
  return original(connection, without_reads, context);
}
