// A library for LD_PRELOAD by which tests bring a process into trouble at one of its file calls.
//
// It numbers, over all threads, the calls of libc that concern a name, or an open descriptor, in one directory tree:
//
//   FAULTPOINTS_ROOT  the tree's real path; without it nothing is numbered
//   FAULTPOINTS_LOG   a file outside of the tree; it gets a line for each call before that is made: its number, its
//                     name, the path within the tree and a second one, with tabs between them
//   FAULTPOINTS_AT    the number of the call that meets the fault
//   FAULTPOINTS_DO    the fault:
//     kill, stop      SIGKILL or SIGSTOP to this process, before the call
//     EIO, ENOSPC, EDQUOT, ESTALE
//                     the call is not made and answers so; only a descriptor is closed all the same (close(2))
//     lost            a rename, link, mkdir, unlink or rmdir is done and answered as failed: so does NFS when the reply
//                     got lost and the call is sent again
#pragma once

/// What is to become of a call.
enum fate { ordinary, refused, lost };

/// Numbers a call on the path `name`, which counts from the open directory `directory` where it is relative, and on
/// `second`, if that is not NULL. A `refused` call's error is in errno.
enum fate fate_of(const char *call, int directory, const char *name, int second_directory, const char *second);

/// Numbers a call on an open descriptor.
enum fate fate_of_open(const char *call, int descriptor);
