/* Many silent miners in one process, and the least a server can do for them. Compiled by native.ts.
 *
 *   swarm PORT COUNT PRELUDE_FILE   opens COUNT connections to 127.0.0.1, sends the file on each, and waits until
 *                                   each has seen a notify: "ready". After "arm" on standard input ("armed") it
 *                                   waits for the next notify of each: "done FIRST P99 LAST", nanoseconds of
 *                                   CLOCK_MONOTONIC.
 *   swarm serve COUNT NOTIFY_FILE   listens ("port N"), writes the file to every connection it accepts, and for
 *                                   each line on standard input writes it to all of them, one after the other.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char MARKER[] = "mining.notify";
static char text[1 << 20];
static size_t text_length;

static void die(const char *what) { perror(what); exit(1); }

static long long now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void read_text(const char *path) {
  int fd = open(path, O_RDONLY);
  if (fd < 0) die(path);
  ssize_t length = read(fd, text, sizeof text);
  if (length < 0) die(path);
  text_length = (size_t)length;
  close(fd);
}

static void say(const char *line) { printf("%s\n", line); fflush(stdout); }

static int ascending(const void *a, const void *b) {
  long long x = *(const long long *)a, y = *(const long long *)b;
  return (x > y) - (x < y);
}

static void send_all(int fd) {
  for (size_t sent = 0; sent < text_length;) {
    ssize_t n = write(fd, text + sent, text_length - sent);
    if (n < 0) die("write");
    sent += (size_t)n;
  }
}

static void serve(int count) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  if (bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 4096) < 0) die("listen");
  getsockname(listener, (struct sockaddr *)&address, &length);
  printf("port %d\n", ntohs(address.sin_port));
  fflush(stdout);
  int *fds = calloc((size_t)count, sizeof *fds);
  for (int i = 0; i < count; i++) {
    if ((fds[i] = accept(listener, NULL, NULL)) < 0) die("accept");
    setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    send_all(fds[i]);
  }
  char line[64];
  while (fgets(line, sizeof line, stdin) != NULL)
    for (int i = 0; i < count; i++) send_all(fds[i]);
}

static void swarm(int port, int count) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int poll = epoll_create1(0), *fds = calloc((size_t)count, sizeof *fds);
  unsigned char *seen = calloc((size_t)count, 1), *matched = calloc((size_t)count, 1);
  long long *at = calloc((size_t)count, sizeof *at);
  for (int i = 0; i < count; i++) {
    fds[i] = socket(AF_INET, SOCK_STREAM, 0);
    if (fds[i] < 0 || connect(fds[i], (struct sockaddr *)&address, sizeof address) < 0) die("connect");
    send_all(fds[i]);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (unsigned)i};
    epoll_ctl(poll, EPOLL_CTL_ADD, fds[i], &event);
  }
  struct epoll_event stdin_event = {.events = EPOLLIN, .data.u32 = (unsigned)count};
  epoll_ctl(poll, EPOLL_CTL_ADD, 0, &stdin_event);
  static char buffer[1 << 16];
  int left = count, is_ready = 0;
  for (;;) {
    struct epoll_event events[256];
    int n = epoll_wait(poll, events, 256, -1);
    for (int e = 0; e < n; e++) {
      unsigned i = events[e].data.u32;
      if (i == (unsigned)count) {
        if (read(0, buffer, sizeof buffer) <= 0) exit(0);
        memset(seen, 0, (size_t)count);
        left = count;
        say("armed");
        continue;
      }
      ssize_t length = read(fds[i], buffer, sizeof buffer);
      if (length <= 0) die("a connection was closed");
      for (ssize_t k = 0; k < length && !seen[i]; k++) {
        /* No beginning of the marker stands inside it, so a simple match is enough. */
        matched[i] = buffer[k] == MARKER[matched[i]] ? matched[i] + 1 : buffer[k] == MARKER[0];
        if (matched[i] < sizeof MARKER - 1) continue;
        matched[i] = 0;
        seen[i] = 1;
        at[i] = now_ns();
        left--;
      }
    }
    if (left > 0) continue;
    left = -1;
    if (!is_ready) {
      is_ready = 1;
      say("ready");
      left = 1 << 30;
      continue;
    }
    qsort(at, (size_t)count, sizeof *at, ascending);
    printf("done %lld %lld %lld\n", at[0], at[count * 99 / 100], at[count - 1]);
    fflush(stdout);
    left = 1 << 30;
  }
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  read_text(argv[3]);
  if (strcmp(argv[1], "serve") == 0) serve(atoi(argv[2]));
  else swarm(atoi(argv[1]), atoi(argv[2]));
  return 0;
}
