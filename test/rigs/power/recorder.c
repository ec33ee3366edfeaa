/* Preloaded into a node: writes down, in one log and in order, everything the process does to files under one directory, so that the files can be
 * rebuilt as they may stand after the power went at any instant (crashed-disk.ts). RECORD_DIRECTORY says whose files, RECORD_LOG where to.
 * One mutex around call and record: what stands later in the log happened later, also when threads write beside each other. The log itself goes
 * out by the bare system call, so that it is not recorded. Files mapped into memory (SQLite's -shm) are not seen and need not be: SQLite
 * rebuilds them. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { OPENED = 1, WRITTEN = 2, CUT = 3, SYNCED = 4, UNLINKED = 5, RENAMED = 6, BEGUN = 7 };

/* As disk-log.ts reads it; the bytes follow. */
struct record {
  uint64_t started, ended; /* CLOCK_MONOTONIC, ns */
  uint64_t offset;         /* of a write; size of a cut */
  uint32_t what, file, length, reserved;
};

#define FDS_MAX 4096
static uint32_t file_of[FDS_MAX];
static uint32_t files;
static int log_fd = -1;
static char directory[4096];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

#define REAL(type, name, ...)                         \
  static type (*real)(__VA_ARGS__);                   \
  if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static uint64_t now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static int ours(const char *path) {
  return log_fd >= 0 && path && strncmp(path, directory, strlen(directory)) == 0;
}

static int recorded(int fd) { return log_fd >= 0 && fd >= 0 && fd < FDS_MAX && file_of[fd] != 0; }

/* A record that cannot be written would make every later conclusion false: the process ends. */
static void put(const void *bytes, size_t length) {
  const char *from = bytes;
  while (length > 0) {
    ssize_t done = syscall(SYS_write, log_fd, from, length);
    if (done <= 0) abort();
    from += done;
    length -= (size_t)done;
  }
}

static void note(uint32_t what, uint32_t file, uint64_t started, uint64_t offset, const void *bytes, size_t length) {
  int kept = errno;
  struct record record = {started, now(), offset, what, file, (uint32_t)length, 0};
  put(&record, sizeof record);
  if (length > 0) put(bytes, length);
  errno = kept;
}

__attribute__((constructor)) static void begin(void) {
  const char *where = getenv("RECORD_DIRECTORY"), *to = getenv("RECORD_LOG");
  if (!where || !to || strlen(where) >= sizeof directory) return;
  strcpy(directory, where);
  log_fd = (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log_fd >= 0) note(BEGUN, 0, now(), 0, NULL, 0);
}

static int opened(int fd, const char *path, int flags, uint64_t started) {
  if (fd >= 0 && fd < FDS_MAX) {
    file_of[fd] = ours(path) ? ++files : 0;
    if (file_of[fd]) note(OPENED, file_of[fd], started, (uint64_t)(unsigned)(flags & (O_TRUNC | O_CREAT)), path, strlen(path));
  }
  return fd;
}

#define OPEN(name)                                                  \
  int name(const char *path, int flags, ...) {                      \
    REAL(int, #name, const char *, int, ...);                       \
    va_list rest;                                                   \
    va_start(rest, flags);                                          \
    mode_t mode = (flags & O_CREAT) ? va_arg(rest, mode_t) : 0;     \
    va_end(rest);                                                   \
    if (!ours(path)) {                                              \
      int fd = real(path, flags, mode);                             \
      if (fd >= 0 && fd < FDS_MAX) file_of[fd] = 0;                 \
      return fd;                                                    \
    }                                                               \
    pthread_mutex_lock(&mutex);                                     \
    uint64_t started = now();                                       \
    int fd = opened(real(path, flags, mode), path, flags, started); \
    pthread_mutex_unlock(&mutex);                                   \
    return fd;                                                      \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  REAL(int, "close", int);
  if (fd >= 0 && fd < FDS_MAX) file_of[fd] = 0;
  return real(fd);
}

#define PWRITE(name, offset_type)                                                          \
  ssize_t name(int fd, const void *bytes, size_t length, offset_type offset) {             \
    REAL(ssize_t, #name, int, const void *, size_t, offset_type);                          \
    if (!recorded(fd)) return real(fd, bytes, length, offset);                             \
    pthread_mutex_lock(&mutex);                                                            \
    uint64_t started = now();                                                              \
    ssize_t done = real(fd, bytes, length, offset);                                        \
    if (done > 0) note(WRITTEN, file_of[fd], started, (uint64_t)offset, bytes, (size_t)done); \
    pthread_mutex_unlock(&mutex);                                                          \
    return done;                                                                           \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int fd, const void *bytes, size_t length) {
  REAL(ssize_t, "write", int, const void *, size_t);
  if (!recorded(fd)) return real(fd, bytes, length);
  pthread_mutex_lock(&mutex);
  uint64_t started = now();
  ssize_t done = real(fd, bytes, length);
  if (done > 0) {
    off_t end = lseek(fd, 0, SEEK_CUR);
    /* The number was given to a pipe since: the file was closed by a call that nobody sees here. */
    if (end < 0) file_of[fd] = 0;
    else note(WRITTEN, file_of[fd], started, (uint64_t)(end - done), bytes, (size_t)done);
  }
  pthread_mutex_unlock(&mutex);
  return done;
}

/* Node writes files piece by piece through these; a piece at a time keeps the record plain, and a short answer is allowed. */
ssize_t writev(int fd, const struct iovec *pieces, int count) {
  REAL(ssize_t, "writev", int, const struct iovec *, int);
  if (!recorded(fd) || count < 1) return real(fd, pieces, count);
  return write(fd, pieces[0].iov_base, pieces[0].iov_len);
}
#define PWRITEV(name, offset_type)                                                       \
  ssize_t name(int fd, const struct iovec *pieces, int count, offset_type offset) {      \
    REAL(ssize_t, #name, int, const struct iovec *, int, offset_type);                   \
    if (!recorded(fd) || count < 1) return real(fd, pieces, count, offset);              \
    return pwrite64(fd, pieces[0].iov_base, pieces[0].iov_len, offset);                  \
  }
PWRITEV(pwritev, off_t)
PWRITEV(pwritev64, off64_t)

#define TRUNCATE(name, offset_type)                                                \
  int name(int fd, offset_type size) {                                             \
    REAL(int, #name, int, offset_type);                                            \
    if (!recorded(fd)) return real(fd, size);                                      \
    pthread_mutex_lock(&mutex);                                                    \
    uint64_t started = now();                                                      \
    int failed = real(fd, size);                                                   \
    if (!failed) note(CUT, file_of[fd], started, (uint64_t)size, NULL, 0);         \
    pthread_mutex_unlock(&mutex);                                                  \
    return failed;                                                                 \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define SYNC(name)                                                       \
  int name(int fd) {                                                     \
    REAL(int, #name, int);                                               \
    if (!recorded(fd)) return real(fd);                                  \
    pthread_mutex_lock(&mutex);                                          \
    uint64_t started = now();                                            \
    int failed = real(fd);                                               \
    if (!failed) note(SYNCED, file_of[fd], started, 0, NULL, 0);         \
    pthread_mutex_unlock(&mutex);                                        \
    return failed;                                                       \
  }
SYNC(fsync)
SYNC(fdatasync)

int unlink(const char *path) {
  REAL(int, "unlink", const char *);
  if (!ours(path)) return real(path);
  pthread_mutex_lock(&mutex);
  uint64_t started = now();
  int failed = real(path);
  if (!failed) note(UNLINKED, 0, started, 0, path, strlen(path));
  pthread_mutex_unlock(&mutex);
  return failed;
}

int rename(const char *from, const char *to) {
  REAL(int, "rename", const char *, const char *);
  if (!ours(from) || !ours(to)) return real(from, to);
  char both[8192];
  size_t first = strlen(from) + 1, second = strlen(to);
  if (first + second > sizeof both) abort();
  memcpy(both, from, first);
  memcpy(both + first, to, second);
  pthread_mutex_lock(&mutex);
  uint64_t started = now();
  int failed = real(from, to);
  if (!failed) note(RENAMED, 0, started, 0, both, first + second);
  pthread_mutex_unlock(&mutex);
  return failed;
}
