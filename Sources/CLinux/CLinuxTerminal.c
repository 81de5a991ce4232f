#include "CLinuxTerminal.h"

#include <sys/ioctl.h>
#include <termios.h>

int clinux_terminal_columns(int descriptor) {
  struct winsize size;
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int clinux_terminal_echo(int descriptor, int shows) {
  struct termios terminal;
  if (tcgetattr(descriptor, &terminal) != 0) return -1;
  if (shows) terminal.c_lflag |= ECHO;
  else terminal.c_lflag &= ~(tcflag_t)ECHO;
  return tcsetattr(descriptor, TCSAFLUSH, &terminal);
}
