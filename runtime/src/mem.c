// memcpy and memset for firmware that has no C library. Compiled without loop idiom recognition, or each would call
// itself.
#include "mjrt/mem.h"

#include <stdint.h>

// A word that may alias anything.
typedef uint32_t __attribute__((may_alias)) word;

#ifdef __ARM_FEATURE_UNALIGNED
static int words_allowed(const void* a, const void* b) {
  (void)a, (void)b;
  return 1;
}
#else
static int words_allowed(const void* a, const void* b) { return (((uintptr_t)a | (uintptr_t)b) & 3u) == 0; }
#endif

void* memcpy(void* restrict to, const void* restrict from, size_t bytes) {
  unsigned char* d = to;
  const unsigned char* s = from;
  if (words_allowed(d, s)) {
    for (; bytes >= 16; bytes -= 16, d += 16, s += 16) {
      const word a = ((const word*)s)[0], b = ((const word*)s)[1], c = ((const word*)s)[2], e = ((const word*)s)[3];
      ((word*)d)[0] = a, ((word*)d)[1] = b, ((word*)d)[2] = c, ((word*)d)[3] = e;
    }
    for (; bytes >= 4; bytes -= 4, d += 4, s += 4) *(word*)d = *(const word*)s;
  }
  while (bytes-- > 0) *d++ = *s++;
  return to;
}

void* memset(void* to, int value, size_t bytes) {
  unsigned char* d = to;
  const word w = (unsigned char)value * 0x01010101u;
  for (; bytes > 0 && ((uintptr_t)d & 3u) != 0; --bytes) *d++ = (unsigned char)value;
  for (; bytes >= 4; bytes -= 4, d += 4) *(word*)d = w;
  while (bytes-- > 0) *d++ = (unsigned char)value;
  return to;
}
