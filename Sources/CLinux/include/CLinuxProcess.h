// Processes, descriptors on sockets, and limits: what the decoder's jail needs of Linux and Swift's Glibc module lacks.
#pragma once

#include <stddef.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

/// fork(2), which Swift hides: only a single-threaded process may run Swift code in its child.
pid_t clinux_fork(void);

/// Starts `path` with `arguments` (ended by NULL), an empty environment, `socket` as its descriptor 3, /dev/null as 0, 1
/// and 2, and no other descriptor. Returns 0 or an errno.
int clinux_spawn_with_socket(
    pid_t *child, const char *path, char *_Nullable const *_Nonnull arguments, int socket);

/// Two connected sockets that keep messages whole, closed on exec. Returns 0, or -1 with errno.
int clinux_message_sockets(int *pair);

/// A pipe closed on exec, that holds `capacity` bytes where the system allows it; its read end doesn't block.
/// pair[0] is the read end. Returns 0, or -1 with errno.
int clinux_pipe(int *pair, int capacity);

/// Sends one message, with `descriptor_count` (at most 2) descriptors. Returns 0, or -1 with errno; never SIGPIPE.
int clinux_send_message(
    int socket, const void *bytes, size_t count, const int *descriptors, size_t descriptor_count);

/// Receives one message and up to 2 descriptors (-1 where there is none), closed on exec.
/// Returns its size, 0 at the end, or -1 with errno; EMSGSIZE for a message larger than `capacity`.
ssize_t clinux_receive_message(int socket, void *bytes, size_t capacity, int *descriptors);

/// Blocks SIGCHLD and returns a descriptor that is readable while a child's end waits to be reaped, or -1 with errno.
int clinux_child_signal_descriptor(void);

/// Takes all the waiting signals from a descriptor of `clinux_child_signal_descriptor`.
void clinux_drain_signals(int descriptor);

/// Gives every signal its default action again, also those of crashes, for which Swift's runtime has handlers that write
/// a report.
void clinux_default_signals(void);

/// Lets every signal through again, as a child of a process that blocks some must.
void clinux_unblock_signals(void);

/// Has the kernel kill this process when its parent ends; -1 with ESRCH where `parent` has ended already.
int clinux_die_with_parent(pid_t parent);

/// Gives up every privilege that a later exec could bring, for good. Returns 0, or -1 with errno.
int clinux_no_new_privileges(void);

enum clinux_limit {
  clinux_limit_core,          // RLIMIT_CORE
  clinux_limit_file_size,     // RLIMIT_FSIZE
  clinux_limit_open_files,    // RLIMIT_NOFILE
  clinux_limit_processes,     // RLIMIT_NPROC
  clinux_limit_address_space, // RLIMIT_AS, bytes
  clinux_limit_cpu_seconds    // RLIMIT_CPU; SIGXCPU at the limit, SIGKILL a second later
};

/// Sets a resource limit, soft and hard, never above the present hard limit. Returns 0, or -1 with errno.
int clinux_set_limit(enum clinux_limit which, unsigned long long value);

/// At most so many of the C library's pools of memory (mallopt(3), M_ARENA_MAX): by default each of up to eight threads a core
/// gets one, and what one of them has been given back is of no use to the others.
void clinux_limit_memory_pools(int count);

#pragma clang assume_nonnull end
