#define _GNU_SOURCE
#include "CLinuxJail.h"

#include <errno.h>
#include <grp.h>
#include <iconv.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int compare_bytes(const void *one, const void *other) {
  return *(const unsigned char *)one - *(const unsigned char *)other;
}

void clinux_prepare_libc(const char *const *character_sets) {
  tzset();
  // Above a kilobyte qsort asks once how much memory there is (glibc before 2.37, stdlib/msort.c).
  unsigned char many[2048] = {0};
  qsort(many, sizeof many, 1, compare_bytes);
  // An open converter keeps its tables loaded, so these are never closed.
  for (; *character_sets; character_sets++) (void)iconv_open("UTF-8", *character_sets);
}

int clinux_clear_environment(void) { return clearenv(); }

int clinux_keep_two_descriptors(int input, int output) {
  // Out of the way of the numbers that are to be taken.
  if (output == 0 && (output = dup(output)) < 0) return -1;
  if (dup2(input, 0) < 0 || dup2(output, 1) < 0) return -1;
  return close_range(2, UINT_MAX, 0);
}

int clinux_not_dumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

/// The sets of this process, 32 capabilities in each element (capget(2)).
static int read_capabilities(struct __user_cap_header_struct *header, struct __user_cap_data_struct *sets) {
  *header = (struct __user_cap_header_struct){.version = _LINUX_CAPABILITY_VERSION_3};
  return syscall(SYS_capget, header, sets) == 0 ? 0 : -1;
}

_Bool clinux_has_capabilities(uint64_t wanted) {
  struct __user_cap_header_struct header;
  struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
  if (read_capabilities(&header, sets) != 0) return 0;
  uint64_t held = sets[0].effective | (uint64_t)sets[1].effective << 32;
  return (held & wanted) == wanted;
}

int clinux_keep_capabilities(uint64_t kept) {
  if (setgroups(0, NULL) != 0 && errno != EPERM) return -1;
  struct __user_cap_header_struct header;
  struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
  if (read_capabilities(&header, sets) != 0) return -1;
  for (int word = 0; word < _LINUX_CAPABILITY_U32S_3; word++) {
    sets[word].permitted &= (uint32_t)(kept >> (32 * word));
    sets[word].effective = sets[word].permitted;
    sets[word].inheritable = 0;
  }
  return syscall(SYS_capset, &header, sets) == 0 ? 0 : -1;
}

int clinux_become(uid_t user, gid_t group) {
  if (setgroups(0, NULL) != 0) return -1;
  if (setresgid(group, group, group) != 0) return -1;
  return setresuid(user, user, user);
}

int clinux_leave_network(void) {
  if (unshare(CLONE_NEWNET) == 0) return 0;
  // Root with a user namespace of its own could no longer become another user.
  if (errno != EPERM || geteuid() == 0) return -1;
  return unshare(CLONE_NEWUSER | CLONE_NEWNET);
}

// Landlock as the kernel has it (include/uapi/linux/landlock.h); the installed header may be older.

struct landlock_rules {
  uint64_t files;
  uint64_t network; // from version 4
  uint64_t scopes;  // from version 6
};

/// How many rights on files a version knows: bits from 0 up (Documentation/userspace-api/landlock.rst).
static int file_rights(int version) {
  switch (version) {
  case 1: return 13;  // execute to make_sym
  case 2: return 14;  // refer
  case 3:
  case 4: return 15;  // truncate
  default: return 16; // ioctl_dev, from version 5
  }
}

int clinux_landlock_version(void) {
  return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* LANDLOCK_CREATE_RULESET_VERSION */);
}

int clinux_landlock_deny_all(int version) {
  struct landlock_rules rules = {.files = (1ULL << file_rights(version)) - 1};
  size_t size = sizeof rules.files;
  if (version >= 4) {
    rules.network = 3; // bind_tcp, connect_tcp
    size = offsetof(struct landlock_rules, scopes);
  }
  if (version >= 6) {
    rules.scopes = 3; // abstract_unix_socket, signal
    size = sizeof rules;
  }
  int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
  if (ruleset < 0) return -1;
  long result = syscall(SYS_landlock_restrict_self, ruleset, 0);
  int failure = errno;
  close(ruleset);
  errno = failure;
  return result == 0 ? 0 : -1;
}

int clinux_memory_file(void) { return memfd_create("filter", MFD_CLOEXEC); }

int clinux_install_filter(const void *program, size_t size) {
  struct sock_fprog filter = {
      .len = (unsigned short)(size / sizeof(struct sock_filter)), .filter = (struct sock_filter *)program};
  if (size == 0 || size % sizeof(struct sock_filter) != 0 || size / sizeof(struct sock_filter) > BPF_MAXINSNS) {
    errno = EINVAL;
    return -1;
  }
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0 ? 0 : -1;
}

// The lower half of a 64-bit argument in struct seccomp_data.
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FIRST_ARGUMENT offsetof(struct seccomp_data, args[0])
#else
#define FIRST_ARGUMENT (offsetof(struct seccomp_data, args[0]) + 4)
#endif

int clinux_signal_only_self(void) {
  // The number is that of this processor's system calls: the first filter lets no others through.
  struct sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 0, 2),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIRST_ARGUMENT),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)getpid(), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  return clinux_install_filter(program, sizeof program);
}
