/* The number that stands in a file, which may change at any time. Null where there is no file. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile long long *number;

__attribute__((constructor)) static void open_number(void) {
  const char *path = getenv("LEASEHOLD_PRELOADED_NUMBER");
  int file = path ? open(path, O_RDONLY) : -1;
  if (file < 0) return;
  void *page = mmap(NULL, sizeof *number, PROT_READ, MAP_SHARED, file, 0);
  if (page != MAP_FAILED) number = page;
  close(file);
}
