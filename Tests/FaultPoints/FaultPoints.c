#define _GNU_SOURCE
#include "FaultPoints.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// All that is asked of the kernel here is asked by syscall(2): the calls of libc are those that are interposed.

enum fault { none, kill_itself, stop_itself, answer, lose_reply };

static struct {
  const char *root;
  size_t root_length;
  int log;
  unsigned at;
  enum fault fault;
  int error;
} plan = {.log = -1};

static const struct {
  const char *word;
  enum fault fault;
  int error;
} faults[] = {
    {"kill", kill_itself, 0}, {"stop", stop_itself, 0},      {"EIO", answer, EIO},       {"ENOSPC", answer, ENOSPC},
    {"EDQUOT", answer, EDQUOT}, {"ESTALE", answer, ESTALE}, {"lost", lose_reply, 0},
};

__attribute__((constructor)) static void read_plan(void) {
  const char *word = getenv("FAULTPOINTS_DO"), *number = getenv("FAULTPOINTS_AT"), *log = getenv("FAULTPOINTS_LOG");
  plan.root = getenv("FAULTPOINTS_ROOT");
  plan.root_length = plan.root ? strlen(plan.root) : 0;
  if (log) plan.log = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (!word || !number) return;
  plan.at = (unsigned)strtoul(number, NULL, 10);
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    if (strcmp(word, faults[i].word)) continue;
    plan.fault = faults[i].fault;
    plan.error = faults[i].error;
  }
}

/// Reads where a link below /proc/self leads; false where it leads to no path, as a socket's does.
static bool follow(char *path, const char *link) {
  long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
  path[length > 0 ? length : 0] = 0;
  return path[0] == '/';
}

static bool follow_descriptor(char *path, int descriptor) {
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  return follow(path, link);
}

static bool make_absolute(char *path, int directory, const char *name) {
  if (name[0] == '/') return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX;
  bool is_known = directory == AT_FDCWD ? follow(path, "/proc/self/cwd") : follow_descriptor(path, directory);
  size_t length = strlen(path);
  const char *form = name[0] ? "/%s" : "%s";
  return is_known && snprintf(path + length, PATH_MAX - length, form, name) < (int)(PATH_MAX - length);
}

/// The part of `path` within the tree; NULL where it lies elsewhere.
static const char *within_tree(const char *path) {
  if (!plan.root || strncmp(path, plan.root, plan.root_length)) return NULL;
  const char *rest = path + plan.root_length;
  return rest[0] == '/' ? rest + 1 : rest[0] ? NULL : ".";
}

static void tell(unsigned number, const char *call, const char *path, const char *second) {
  if (plan.log < 0) return;
  char line[2 * PATH_MAX + 64];
  int length = snprintf(line, sizeof line, "%u\t%s\t%s\t%s\n", number, call, path, second);
  // A log with a gap proves nothing.
  if (syscall(SYS_write, plan.log, line, length) != length) abort();
}

static enum fate meet(const char *call, const char *path, const char *second) {
  static atomic_uint count;
  unsigned number = atomic_fetch_add(&count, 1) + 1;
  tell(number, call, path, second);
  if (number != plan.at) return ordinary;
  switch (plan.fault) {
  case kill_itself: syscall(SYS_kill, getpid(), SIGKILL); break;
  case stop_itself: syscall(SYS_kill, getpid(), SIGSTOP); break;
  case answer: errno = plan.error; return refused;
  case lose_reply: return lost;
  case none: break;
  }
  return ordinary;
}

enum fate fate_of(const char *call, int directory, const char *name, int second_directory, const char *second) {
  if (!plan.root) return ordinary;
  int before = errno;
  char path[PATH_MAX] = "", other[PATH_MAX] = "";
  const char *first_inside = make_absolute(path, directory, name) ? within_tree(path) : NULL;
  const char *second_inside = second && make_absolute(other, second_directory, second) ? within_tree(other) : NULL;
  errno = before;
  if (!first_inside && !second_inside) return ordinary;
  return meet(call, first_inside ? first_inside : path, second_inside ? second_inside : other);
}

enum fate fate_of_open(const char *call, int descriptor) {
  if (!plan.root) return ordinary;
  int before = errno;
  char path[PATH_MAX];
  const char *inside = follow_descriptor(path, descriptor) ? within_tree(path) : NULL;
  errno = before;
  return inside ? meet(call, inside, "") : ordinary;
}
