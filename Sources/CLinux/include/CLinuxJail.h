// What a process gives up for good: the calls behind the decoder's jail. Each returns 0, or -1 with errno, where nothing
// else is said.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

/// Has libc read now what it would open files for later: the time zone, the size of memory that qsort(3) asks for, and
/// the tables of these character sets, ended by NULL. A character set that is not installed stays unknown.
void clinux_prepare_libc(const char *_Nullable const *_Nonnull character_sets);

/// Empties the environment.
int clinux_clear_environment(void);

/// Makes `input` descriptor 0 and `output` descriptor 1 and closes every other.
int clinux_keep_two_descriptors(int input, int output);

/// Keeps other processes of the same user out of this one's memory, and its memory out of core files.
int clinux_not_dumpable(void);

/// Whether this process has all the capabilities whose bits are set.
_Bool clinux_has_capabilities(uint64_t wanted);

/// Gives up every capability but those whose bits are set, and all supplementary groups if it may change them.
int clinux_keep_capabilities(uint64_t kept);

/// Becomes this user and group, without supplementary groups and without a way back. It takes CAP_SETUID and CAP_SETGID,
/// which go with it.
int clinux_become(uid_t user, gid_t group);

/// Leaves the network for an empty one. A process without CAP_SYS_ADMIN does it in a user namespace of its own, in which
/// it has no name and, when this returns, no capability.
int clinux_leave_network(void);

/// The version of Landlock's ABI that the kernel offers, or -1 with errno.
int clinux_landlock_version(void);

/// Denies this process and its children every right that Landlock of this version knows: no file, no TCP port, no signal
/// to others. What is open stays open. It takes `clinux_no_new_privileges`.
int clinux_landlock_deny_all(int version);

/// A file that has no name and lies in memory. Returns its descriptor, or -1 with errno.
int clinux_memory_file(void);

/// Has the kernel run this program of `size` bytes of BPF instructions (struct sock_filter) before every system call from
/// now on, whatever filters there are already. It takes `clinux_no_new_privileges`.
int clinux_install_filter(const void *program, size_t size);

/// Installs a filter that kills a process which uses tgkill(2), as abort(3) does, on any process but itself.
int clinux_signal_only_self(void);

#pragma clang assume_nonnull end
