// What DurableFiles needs of Linux: the type of a file system (statfs, its magic numbers) and eventfd, whose headers
// Swift's Glibc module leaves out, and the name in a directory entry.
#pragma once
#include <dirent.h>
#include <linux/magic.h>
#include <sys/eventfd.h>
#include <sys/vfs.h>

/// The name of `entry`, ended by NUL. It lives as long as the entry.
///
/// readdir(3) allocates only `d_reclen` bytes, so Swift's copy of the 256-byte `d_name` could read past the end.
static inline const char *_Nonnull clinux_entry_name(const struct dirent *_Nonnull entry) { return entry->d_name; }
