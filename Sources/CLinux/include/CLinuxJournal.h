#pragma once

/// Whether what is written to standard error goes to systemd's journal: whether $JOURNAL_STREAM names its device and inode
/// (systemd.exec(5)).
_Bool clinux_stderr_is_journal(void);

/// A socket that is connected with the journal's, closed on exec; each write to it is one datagram, an entry in the
/// journal's own form. The journal is at /run/systemd/journal/socket, or where $MP3SPOOL_TEST_JOURNAL says.
/// Returns a descriptor, or -1 with errno.
int clinux_journal_socket(void);
