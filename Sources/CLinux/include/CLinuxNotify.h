#pragma once

enum clinux_state { clinux_ready, clinux_alive, clinux_stopping };

/// Tells the service manager that started this process how it is (sd_notify(3)), if there is one: a datagram to the socket
/// that $NOTIFY_SOCKET names, a path, or an abstract one with @ in front. 0, or the errno of what failed.
int clinux_notify(enum clinux_state state);
