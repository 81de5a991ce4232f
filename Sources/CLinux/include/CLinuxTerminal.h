// What the command line needs of its terminal, without pointers.
#pragma once

/// The number of columns of the terminal behind `descriptor`; 0 where there is none.
int clinux_terminal_columns(int descriptor);

/// Shows or hides what is typed at the terminal behind `descriptor` (termios(3), ECHO). 0, or -1 with errno.
int clinux_terminal_echo(int descriptor, int shows);

/// The number of rows of the terminal behind `descriptor`; 0 where there is none.
int clinux_terminal_rows(int descriptor);

/// Has the terminal behind `descriptor` give each key at once and show none, or be again as it was before (termios(3),
/// ICANON and ECHO); Ctrl-C stays a signal. 0, or -1 with errno.
int clinux_terminal_keys(int descriptor, int at_once);
