#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

/* Has free blocks of so many bytes given back to the system at once, and what is free behind the last one
   in use once it is so much. Only the GNU allocator has to be told; its header is in no module of Swift's. */
static inline void allocator_give_back(int block, int rest) {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, block);
  mallopt(M_TRIM_THRESHOLD, rest);
#endif
}
