/* Loaded before a server: its wall clock is off by the milliseconds that a number tells. */
#define _GNU_SOURCE
#include "preloaded-number.h"
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
  if (syscall(SYS_clock_gettime, clock, now) != 0) return -1;
  if (clock != CLOCK_REALTIME || !number) return 0;
  long long ns = now->tv_nsec + (*number % 1000) * 1000000LL;
  now->tv_sec += *number / 1000 + (ns >= 0 ? ns / 1000000000LL : -1);
  now->tv_nsec = ns >= 0 ? ns % 1000000000LL : ns + 1000000000LL;
  return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  (void)zone;
  struct timespec exact;
  clock_gettime(CLOCK_REALTIME, &exact);
  now->tv_sec = exact.tv_sec;
  now->tv_usec = exact.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *result) {
  struct timespec exact;
  clock_gettime(CLOCK_REALTIME, &exact);
  if (result) *result = exact.tv_sec;
  return exact.tv_sec;
}
