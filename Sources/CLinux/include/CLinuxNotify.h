#pragma once

#include <stdint.h>

enum clinux_state {
  clinux_ready,
  clinux_alive,
  clinux_reloading, // with the time of CLOCK_MONOTONIC, which Type=notify-reload wants
  clinux_stopping   // with the microseconds that it may take, which go before the unit's TimeoutStopSec=
};

/// Tells the service manager that started this process how it is (sd_notify(3)), if there is one: a datagram to the socket
/// that $NOTIFY_SOCKET names, a path, or an abstract one with @ in front. 0, or the errno of what failed.
int clinux_notify(enum clinux_state state, uint64_t microseconds);
