// Linux calls and constants that Swift's Glibc module does not offer.
#pragma once
#include "CLinuxFiles.h"
#include "CLinuxJail.h"
#include "CLinuxJournal.h"
#include "CLinuxNotify.h"
#include "CLinuxProcess.h"
#include "CLinuxTerminal.h"
