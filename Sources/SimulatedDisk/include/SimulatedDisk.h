#ifndef SIMULATED_DISK_H
#define SIMULATED_DISK_H

#include <stdint.h>

/// An SQLite VFS whose files are in memory, with faults, time and randomness in the caller's hand.
///
/// It becomes the process's default VFS. For every file it holds what programs see and what has
/// been written since the last sync, so that a power cut can be given any outcome that a real disk
/// allows. A path prefix names a machine: "/sim/d1/" is all that is on one device. Files outside
/// "/sim/" are the operating system's as before.

/// Registers the VFS as the default one. Returns 0, or an SQLite error code.
int simulated_disk_install(void);

/// Forgets all files, faults and counters.
void simulated_disk_reset(void);

/// What all clocks show from now on, in milliseconds since 1970; 0 for the real time.
void simulated_disk_set_time(int64_t unix_milliseconds);

/// The seed of what SQLite draws at random.
void simulated_disk_set_random(uint64_t seed);

// MARK: Files

/// Bytes of a file, or -1 if there is none.
int64_t simulated_disk_size(const char *path);

/// Copies what programs see of one file to another, durably. Returns 0 if there is no such file.
int simulated_disk_copy(const char *from, const char *to);

/// Removes a file. Handles that are open on it become dead.
void simulated_disk_remove(const char *path);

/// Flips bits of a stored byte. Returns 0 if there is no such byte.
int simulated_disk_flip(const char *path, int64_t offset, uint8_t mask);

/// A file's bytes outside the namespace: a template or a backup.
typedef struct simulated_image simulated_image;

/// Takes an image of a file; null if there is none.
simulated_image *simulated_disk_take(const char *path);

/// Makes a file of an image, durably. Handles that are open on the path become dead.
void simulated_disk_put(const simulated_image *image, const char *path);

void simulated_image_free(simulated_image *image);

// MARK: Faults

/// What is left of writes that were not synced when a machine stops.
enum simulated_loss {
  /// The program was killed, the machine goes on: everything that was written.
  simulated_loss_none = 0,
  /// Some of the writes in their order, the last one perhaps torn.
  simulated_loss_tail = 1,
  /// Any of the writes, in sectors.
  simulated_loss_any = 2,
};

/// Stops a machine now: every handle under the prefix is dead, its files hold what survived.
void simulated_disk_crash(const char *prefix, int loss, uint64_t random);

/// Stops a machine at its `count`th write or sync from now on (1 is the next).
void simulated_disk_crash_after(const char *prefix, int64_t count, int loss, uint64_t random);

/// Lets a machine's `count`th write or sync from now on fail, once, with an I/O error.
void simulated_disk_fail_after(const char *prefix, int64_t count);

/// Whether an armed crash has happened under the prefix; asking clears it.
int simulated_disk_has_crashed(const char *prefix);

/// Takes back what was armed for a prefix.
void simulated_disk_disarm(const char *prefix);

/// A machine's files may grow by this many bytes more; -1 lifts the limit.
void simulated_disk_limit(const char *prefix, int64_t bytes);

/// Writes and syncs so far.
int64_t simulated_disk_operations(void);

/// Switches a connection's (an `sqlite3 *`) triggers off or on, as another program may.
int simulated_set_triggers(void *connection, int enabled);

#endif
