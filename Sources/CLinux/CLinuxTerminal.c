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

int clinux_terminal_rows(int descriptor) {
  struct winsize size;
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}

int clinux_terminal_keys(int descriptor, int at_once) {
  static struct termios before;
  static int is_changed;
  if (at_once) {
    if (tcgetattr(descriptor, &before) != 0) return -1;
    struct termios terminal = before;
    terminal.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    terminal.c_cc[VMIN] = 1;
    terminal.c_cc[VTIME] = 0;
    is_changed = 1;
    return tcsetattr(descriptor, TCSAFLUSH, &terminal);
  }
  if (!is_changed) return 0;
  is_changed = 0;
  return tcsetattr(descriptor, TCSAFLUSH, &before);
}
