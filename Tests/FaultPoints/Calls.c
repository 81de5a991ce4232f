// The calls of libc that stand between a program and the kernel. `EscapeTests` compares them with what strace sees.
#define _GNU_SOURCE
#include "FaultPoints.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

/// The call that libc has under the name of the interposed one.
#define NEXT(name) \
  static __typeof__(&name) next; \
  if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/// A call that may be refused.
#define CALL(type, name, failure, parameters, arguments, judged) \
  type name parameters { \
    NEXT(name); \
    return (judged) == refused ? (failure) : next arguments; \
  }

/// A call that may also be done and answered with `error`, as if it had been done before.
#define CHANGE(name, error, parameters, arguments, judged) \
  int name parameters { \
    NEXT(name); \
    enum fate decided = (judged); \
    if (decided == refused) return -1; \
    int result = next arguments; \
    if (decided != lost || result) return result; \
    errno = error; \
    return -1; \
  }

/// A call by which a descriptor is gone, whatever it answers.
#define END(name, parameters, arguments, judged) \
  int name parameters { \
    NEXT(name); \
    enum fate decided = (judged); \
    int error = errno; \
    int result = next arguments; \
    if (decided != refused) return result; \
    errno = error; \
    return -1; \
  }

#define AT(directory, path) fate_of(__func__, directory, path, 0, NULL)
#define BETWEEN(a, path, b, target) fate_of(__func__, a, path, b, target)
#define OPEN(descriptor) fate_of_open(__func__, descriptor)

static mode_t mode_for(int flags, va_list words) {
  return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(words, mode_t) : 0;
}

#define OPENING(name) \
  int name(const char *path, int flags, ...) { \
    NEXT(name); \
    va_list words; \
    va_start(words, flags); \
    mode_t mode = mode_for(flags, words); \
    va_end(words); \
    return AT(AT_FDCWD, path) == refused ? -1 : next(path, flags, mode); \
  }

#define OPENING_AT(name) \
  int name(int directory, const char *path, int flags, ...) { \
    NEXT(name); \
    va_list words; \
    va_start(words, flags); \
    mode_t mode = mode_for(flags, words); \
    va_end(words); \
    return AT(directory, path) == refused ? -1 : next(directory, path, flags, mode); \
  }

OPENING(open)
OPENING(open64)
OPENING_AT(openat)
OPENING_AT(openat64)

// Names.
CHANGE(mkdir, EEXIST, (const char *path, mode_t mode), (path, mode), AT(AT_FDCWD, path))
CHANGE(mkdirat, EEXIST, (int at, const char *path, mode_t mode), (at, path, mode), AT(at, path))
CHANGE(rmdir, ENOENT, (const char *path), (path), AT(AT_FDCWD, path))
CHANGE(unlink, ENOENT, (const char *path), (path), AT(AT_FDCWD, path))
CHANGE(unlinkat, ENOENT, (int at, const char *path, int flags), (at, path, flags), AT(at, path))
CHANGE(rename, ENOENT, (const char *path, const char *target), (path, target),
       BETWEEN(AT_FDCWD, path, AT_FDCWD, target))
CHANGE(renameat, ENOENT, (int at, const char *path, int to, const char *target), (at, path, to, target),
       BETWEEN(at, path, to, target))
CHANGE(renameat2, ENOENT, (int at, const char *path, int to, const char *target, unsigned flags),
       (at, path, to, target, flags), BETWEEN(at, path, to, target))
CHANGE(link, EEXIST, (const char *path, const char *target), (path, target), BETWEEN(AT_FDCWD, path, AT_FDCWD, target))
CHANGE(linkat, EEXIST, (int at, const char *path, int to, const char *target, int flags),
       (at, path, to, target, flags), BETWEEN(at, path, to, target))
CALL(int, symlink, -1, (const char *target, const char *path), (target, path), AT(AT_FDCWD, path))

// What is said of names and descriptors.
CALL(int, stat, -1, (const char *path, struct stat *answer), (path, answer), AT(AT_FDCWD, path))
CALL(int, stat64, -1, (const char *path, struct stat64 *answer), (path, answer), AT(AT_FDCWD, path))
CALL(int, lstat, -1, (const char *path, struct stat *answer), (path, answer), AT(AT_FDCWD, path))
CALL(int, lstat64, -1, (const char *path, struct stat64 *answer), (path, answer), AT(AT_FDCWD, path))
CALL(int, fstatat, -1, (int at, const char *path, struct stat *answer, int flags), (at, path, answer, flags),
     AT(at, path))
CALL(int, fstatat64, -1, (int at, const char *path, struct stat64 *answer, int flags), (at, path, answer, flags),
     AT(at, path))
CALL(int, statx, -1, (int at, const char *path, int flags, unsigned mask, struct statx *answer),
     (at, path, flags, mask, answer), AT(at, path))
CALL(int, fstat, -1, (int descriptor, struct stat *answer), (descriptor, answer), OPEN(descriptor))
CALL(int, fstat64, -1, (int descriptor, struct stat64 *answer), (descriptor, answer), OPEN(descriptor))
CALL(int, access, -1, (const char *path, int mode), (path, mode), AT(AT_FDCWD, path))
CALL(int, faccessat, -1, (int at, const char *path, int mode, int flags), (at, path, mode, flags), AT(at, path))
CALL(ssize_t, readlink, -1, (const char *path, char *answer, size_t size), (path, answer, size), AT(AT_FDCWD, path))
CALL(int, statfs, -1, (const char *path, struct statfs *answer), (path, answer), AT(AT_FDCWD, path))
CALL(int, statfs64, -1, (const char *path, struct statfs64 *answer), (path, answer), AT(AT_FDCWD, path))
CALL(int, statvfs, -1, (const char *path, struct statvfs *answer), (path, answer), AT(AT_FDCWD, path))
CALL(int, statvfs64, -1, (const char *path, struct statvfs64 *answer), (path, answer), AT(AT_FDCWD, path))

// Contents.
CALL(ssize_t, read, -1, (int descriptor, void *bytes, size_t count), (descriptor, bytes, count), OPEN(descriptor))
CALL(ssize_t, pread, -1, (int descriptor, void *bytes, size_t count, off_t offset),
     (descriptor, bytes, count, offset), OPEN(descriptor))
CALL(ssize_t, pread64, -1, (int descriptor, void *bytes, size_t count, off64_t offset),
     (descriptor, bytes, count, offset), OPEN(descriptor))
CALL(ssize_t, write, -1, (int descriptor, const void *bytes, size_t count), (descriptor, bytes, count),
     OPEN(descriptor))
CALL(ssize_t, pwrite, -1, (int descriptor, const void *bytes, size_t count, off_t offset),
     (descriptor, bytes, count, offset), OPEN(descriptor))
CALL(ssize_t, pwrite64, -1, (int descriptor, const void *bytes, size_t count, off64_t offset),
     (descriptor, bytes, count, offset), OPEN(descriptor))
CALL(int, ftruncate, -1, (int descriptor, off_t size), (descriptor, size), OPEN(descriptor))
CALL(int, ftruncate64, -1, (int descriptor, off64_t size), (descriptor, size), OPEN(descriptor))
CALL(int, fsync, -1, (int descriptor), (descriptor), OPEN(descriptor))
CALL(int, fdatasync, -1, (int descriptor), (descriptor), OPEN(descriptor))
END(close, (int descriptor), (descriptor), OPEN(descriptor))

// Listings. Each entry is a call of its own: one may fail in the middle.
CALL(DIR *, opendir, NULL, (const char *path), (path), AT(AT_FDCWD, path))
CALL(struct dirent *, readdir, NULL, (DIR *stream), (stream), OPEN(dirfd(stream)))
CALL(struct dirent64 *, readdir64, NULL, (DIR *stream), (stream), OPEN(dirfd(stream)))
END(closedir, (DIR *stream), (stream), OPEN(dirfd(stream)))
