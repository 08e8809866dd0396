/* The lines on stdin that change the simulated world. Each gets one JSON line as its answer. */
#ifndef SIMULATOR_COMMANDS_H
#define SIMULATOR_COMMANDS_H

#include <stdbool.h>

#include "line.h"
#include "load.h"
#include "machine.h"

typedef struct {
    machine_t machine;
    line_t line;
    load_t load;
    double speed; /* simulated seconds in a second */
} simulator_t;

/** Switches on and connects line and load. */
void simulator_power_on(simulator_t *simulator);

/** Carries out one line and prints the answer. */
void command_run(simulator_t *simulator, const char *text);

#endif
