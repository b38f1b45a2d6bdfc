/* What lwIP asks of the compiler and the machine. */
#ifndef SYNFIN_BENCH_CC_H
#define SYNFIN_BENCH_CC_H

#include <stdlib.h>

#define LWIP_RAND() ((u32_t)random())

#endif
