// The line of bench/smp.ts: a pseudo-terminal whose device's end a program holds that has nothing else to do.
// When bytes came and when they left is told by this program's clock, and not by that of the server behind it, which is
// Node, and which a board is not. It sleeps while it waits, for bytes and for the moment in which an answer is due alike:
// a board takes no core of the machine that its client runs on, and who carries the bytes needs one, too.
// What it has to tell of an answer it holds back until the client has had time for its own: the server, woken in that
// moment, would take the core that the client or the system's carrier of its bytes wants.
// stdin:  { u64 due, u64 length, bytes }: to be handed to the terminal at `due` (microseconds of CLOCK_MONOTONIC)
// stdout: { u64 at, u64 length, bytes }: what came, and when; length 0: when the last write began. First the port's name.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* How long it is held back, in microseconds, where nothing comes; less than any chunk takes on a line. */
#define HELD_BACK_US 2000

static uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int all(int fd, void *bytes, size_t length, int isWrite) {
  for (char *at = bytes; length > 0;) {
    ssize_t done = isWrite ? write(fd, at, length) : read(fd, at, length);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return -1;
    at += done;
    length -= done;
  }
  return 0;
}

static int tell(uint64_t at, void *bytes, uint64_t length) {
  uint64_t head[2] = {at, length};
  return all(1, head, sizeof head, 1) < 0 ? -1 : all(1, bytes, length, 1);
}

int main(void) {
  static char came[65536], answer[65536];
  int device = posix_openpt(O_RDWR | O_NOCTTY);
  if (device < 0 || grantpt(device) < 0 || unlockpt(device) < 0) return perror("posix_openpt"), 1;
  // Held open: without a program at the other end a read would fail.
  int other = open(ptsname(device), O_RDWR | O_NOCTTY);
  struct termios raw;
  if (other < 0 || tcgetattr(other, &raw) < 0) return perror("pseudo-terminal"), 1;
  cfmakeraw(&raw);
  if (tcsetattr(other, TCSANOW, &raw) < 0 || tell(0, ptsname(device), strlen(ptsname(device))) < 0) return 1;
  // Woken when it asked for it, and not up to 50 microseconds later.
  prctl(PR_SET_TIMERSLACK, 1UL);
  uint64_t head[2] = {0, 0}, left = 0;
  for (int waits = 0;;) {
    // One answer at a time: the next one is read when this one has left. What comes is taken meanwhile.
    struct pollfd both[2] = {{.fd = device, .events = POLLIN}, {.fd = waits ? -1 : 0, .events = POLLIN}};
    uint64_t now = now_us(), due = waits ? head[0] : left + HELD_BACK_US, wait = due > now ? due - now : 0;
    struct timespec limit = {.tv_sec = wait / 1000000, .tv_nsec = wait % 1000000 * 1000};
    if (ppoll(both, 2, waits || left ? &limit : NULL, NULL) < 0 && errno != EINTR) return 1;
    uint64_t at = now_us();
    if (left && (both[0].revents || at >= left + HELD_BACK_US)) {
      if (tell(left, answer, 0) < 0) return 1;
      left = 0;
    }
    if (both[0].revents) {
      ssize_t length = read(device, came, sizeof came);
      if (length <= 0 || tell(at, came, length) < 0) return 1;
    }
    if (both[1].revents) {
      if (all(0, head, sizeof head, 0) < 0 || head[1] > sizeof answer || all(0, answer, head[1], 0) < 0) return 0;
      waits = 1;
    }
    if (waits && now_us() >= head[0]) {
      left = now_us();
      if (all(device, answer, head[1], 1) < 0) return 1;
      waits = 0;
    }
  }
}
