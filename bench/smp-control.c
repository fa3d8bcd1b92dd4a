// The control of bench/smp.ts: an upload by a program that computes nothing. Its frames were made before, its window is
// fixed, and of what the server says it takes the line feeds alone. What it reaches is what a pseudo-terminal and the
// scheduler of this machine leave any client. It sleeps while it waits, as a client of one's own would.
// usage: smp-control PORT FRAMES WINDOW, where FRAMES is { u64 length, bytes } for each chunk in its order.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static int all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t done = write(fd, bytes, length);
    if (done <= 0) return -1;
    bytes += done;
    length -= done;
  }
  return 0;
}

int main(int count, char **words) {
  static char frames[16 << 20], came[4096];
  if (count != 4) return fprintf(stderr, "usage: smp-control PORT FRAMES WINDOW\n"), 2;
  int port = open(words[1], O_RDWR | O_NOCTTY), file = open(words[2], O_RDONLY);
  long window = atol(words[3]);
  struct termios raw;
  if (port < 0 || file < 0 || tcgetattr(port, &raw) < 0) return perror("smp-control"), 1;
  cfmakeraw(&raw);
  ssize_t end = 0;
  for (ssize_t more; (more = read(file, frames + end, sizeof frames - end)) > 0;) end += more;
  if (tcsetattr(port, TCSANOW, &raw) < 0 || end <= 0 || end == sizeof frames) return perror("smp-control"), 1;
  long sent = 0, answered = 0;
  for (ssize_t at = 0; at < end || answered < sent;) {
    // The first chunk goes alone, as hil's does: what comes after it may go to the upload that was there before.
    while (at < end && sent - answered < (answered == 0 ? 1 : window)) {
      uint64_t length;
      memcpy(&length, frames + at, sizeof length);
      if (all(port, frames + at + sizeof length, length) < 0) return perror("smp-control"), 1;
      at += sizeof length + length;
      sent += 1;
    }
    ssize_t length = read(port, came, sizeof came);
    if (length <= 0) return perror("smp-control"), 1;
    for (ssize_t byte = 0; byte < length; byte += 1) answered += came[byte] == '\n';
  }
  return 0;
}
