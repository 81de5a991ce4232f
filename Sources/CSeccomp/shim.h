#pragma once
#include <seccomp.h>

// A macro that Swift cannot see, under a name of its own.

static inline uint32_t cseccomp_fail_with(int number) { return SCMP_ACT_ERRNO(number); }
