#include "tests/engine/bench.h"
