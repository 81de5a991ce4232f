#define _GNU_SOURCE
#include "CLinuxNotify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static uint64_t monotonic_microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void describe(enum clinux_state state, uint64_t microseconds, char *words, size_t size) {
  switch (state) {
  case clinux_ready: snprintf(words, size, "READY=1"); break;
  case clinux_alive: snprintf(words, size, "WATCHDOG=1"); break;
  case clinux_reloading:
    snprintf(words, size, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, monotonic_microseconds());
    break;
  case clinux_stopping: snprintf(words, size, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIu64, microseconds); break;
  }
}

int clinux_notify(enum clinux_state state, uint64_t microseconds) {
  const char *path = getenv("NOTIFY_SOCKET");
  if (!path || !*path) return 0;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  if ((*path != '/' && *path != '@') || length >= sizeof address.sun_path) return EINVAL;
  memcpy(address.sun_path, path, length);
  if (*path == '@') address.sun_path[0] = 0;
  int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return errno;
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
  char words[96];
  describe(state, microseconds, words, sizeof words);
  ssize_t sent = sendto(descriptor, words, strlen(words), MSG_NOSIGNAL, (struct sockaddr *)&address, size);
  int failure = sent < 0 ? errno : 0;
  close(descriptor);
  return failure;
}
