#define _GNU_SOURCE
#include "CLinuxProcess.h"

#include <errno.h>
#include <malloc.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_DESCRIPTORS 2
#define SOCKET_IN_CHILD 3

pid_t clinux_fork(void) { return fork(); }

/// What the new process holds: posix_spawn carries the actions out in this order. A descriptor that is duplicated onto
/// itself loses its close-on-exec flag (posix_spawn_file_actions_adddup2(3)).
static int describe_descriptors(posix_spawn_file_actions_t *actions, int socket) {
  int failure = posix_spawn_file_actions_adddup2(actions, socket, SOCKET_IN_CHILD);
  if (!failure) failure = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDWR, 0);
  if (!failure) failure = posix_spawn_file_actions_adddup2(actions, 0, 1);
  if (!failure) failure = posix_spawn_file_actions_adddup2(actions, 0, 2);
  if (!failure) failure = posix_spawn_file_actions_addclosefrom_np(actions, SOCKET_IN_CHILD + 1);
  return failure;
}

/// No blocked signal and no ignored one is inherited.
static int describe_signals(posix_spawnattr_t *attributes) {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  int failure = posix_spawnattr_setsigmask(attributes, &none);
  if (!failure) failure = posix_spawnattr_setsigdefault(attributes, &all);
  if (!failure) failure = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  return failure;
}

int clinux_spawn_with_socket(pid_t *child, const char *path, char *const *arguments, int socket) {
  char *environment[] = {NULL};
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int failure = posix_spawn_file_actions_init(&actions);
  if (failure) return failure;
  failure = posix_spawnattr_init(&attributes);
  if (!failure) {
    failure = describe_descriptors(&actions, socket);
    if (!failure) failure = describe_signals(&attributes);
    if (!failure) failure = posix_spawn(child, path, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_destroy(&actions);
  return failure;
}

int clinux_message_sockets(int *pair) { return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair); }

int clinux_pipe(int *pair, int capacity) {
  if (pipe2(pair, O_CLOEXEC) != 0) return -1;
  // Above /proc/sys/fs/pipe-user-pages-soft the call is refused (pipe(7)): a smaller pipe is slower, not wrong.
  (void)fcntl(pair[1], F_SETPIPE_SZ, capacity);
  if (fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0) return 0;
  int failure = errno;
  close(pair[0]);
  close(pair[1]);
  errno = failure;
  return -1;
}

/// Room for the descriptors of one message, aligned as cmsg(3) asks.
union control {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(int) * MOST_DESCRIPTORS)];
};

int clinux_send_message(
    int socket, const void *bytes, size_t count, const int *descriptors, size_t descriptor_count) {
  union control control;
  struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (descriptor_count > MOST_DESCRIPTORS) {
    errno = EINVAL;
    return -1;
  }
  if (descriptor_count > 0) {
    memset(&control, 0, sizeof control);
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * descriptor_count);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * descriptor_count);
    memcpy(CMSG_DATA(header), descriptors, sizeof(int) * descriptor_count);
  }
  ssize_t sent;
  do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent < 0 ? -1 : 0;
}

ssize_t clinux_receive_message(int socket, void *bytes, size_t capacity, int *descriptors) {
  union control control;
  struct iovec part = {.iov_base = bytes, .iov_len = capacity};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control;
  for (int i = 0; i < MOST_DESCRIPTORS; i++) descriptors[i] = -1;
  ssize_t received;
  do received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  while (received < 0 && errno == EINTR);
  if (received < 0) return -1;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    memcpy(descriptors, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
  }
  if ((message.msg_flags & MSG_TRUNC) == 0) return received;
  for (int i = 0; i < MOST_DESCRIPTORS; i++)
    if (descriptors[i] >= 0) close(descriptors[i]);
  errno = EMSGSIZE;
  return -1;
}

int clinux_child_signal_descriptor(void) {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  if (sigprocmask(SIG_BLOCK, &children, NULL) != 0) return -1;
  return signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
}

void clinux_drain_signals(int descriptor) {
  struct signalfd_siginfo information[8];
  while (read(descriptor, information, sizeof information) > 0) continue;
}

void clinux_default_signals(void) {
  // Those that can't be changed, and those that libc keeps to itself, refuse.
  for (int number = 1; number < NSIG; number++) (void)signal(number, SIG_DFL);
}

void clinux_unblock_signals(void) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

int clinux_die_with_parent(pid_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return -1;
  if (getppid() == parent) return 0;
  errno = ESRCH;
  return -1;
}

int clinux_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

static int resource_of(enum clinux_limit which) {
  switch (which) {
  case clinux_limit_core: return RLIMIT_CORE;
  case clinux_limit_file_size: return RLIMIT_FSIZE;
  case clinux_limit_open_files: return RLIMIT_NOFILE;
  case clinux_limit_processes: return RLIMIT_NPROC;
  case clinux_limit_address_space: return RLIMIT_AS;
  case clinux_limit_cpu_seconds: return RLIMIT_CPU;
  }
  return -1;
}

int clinux_set_limit(enum clinux_limit which, unsigned long long value) {
  int resource = resource_of(which);
  struct rlimit present;
  if (getrlimit(resource, &present) != 0) return -1;
  // RLIM_INFINITY is the largest value, so the comparison holds for it too.
  rlim_t soft = value < present.rlim_max ? (rlim_t)value : present.rlim_max;
  rlim_t hard = which == clinux_limit_cpu_seconds && soft < present.rlim_max ? soft + 1 : soft;
  struct rlimit wanted = {.rlim_cur = soft, .rlim_max = hard};
  return setrlimit(resource, &wanted);
}

void clinux_limit_memory_pools(int count) { mallopt(M_ARENA_MAX, count); }
