// The two library functions that the runtime needs. src/mem.c has them for firmware without a C library.
#ifndef MJRT_MEM_H
#define MJRT_MEM_H

#include <stddef.h>

void* memcpy(void* restrict to, const void* restrict from, size_t bytes);
void* memset(void* to, int value, size_t bytes);

#endif
