#define _GNU_SOURCE
#include "CLinuxNotify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *const words[] = {"READY=1", "WATCHDOG=1", "STOPPING=1"};

int clinux_notify(enum clinux_state state) {
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
  ssize_t sent = sendto(descriptor, words[state], strlen(words[state]), MSG_NOSIGNAL, (struct sockaddr *)&address, size);
  int failure = sent < 0 ? errno : 0;
  close(descriptor);
  return failure;
}
