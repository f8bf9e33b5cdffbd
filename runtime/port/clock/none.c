// A core whose clock needs no set-up.
#include "mjrt/port.h"

void mjrt_clock_init(void) {}
