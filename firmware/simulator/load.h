/* The load: turns watts into S0 pulses, and can give single pulses of any length. */
#ifndef SIMULATOR_LOAD_H
#define SIMULATOR_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "machine.h"

/* IEC 62053-31 allows no less than 30 ms for a pulse and for a pause. */
#define LOAD_PULSE_MS 32

typedef struct {
    machine_t *machine;
    double watts;
    double progress;         /* part of the next pulse's energy that has flowed, 0 to 1 */
    avr_cycle_count_t since; /* the cycle at which `progress` was true */
    bool pulse_active;
    uint64_t pulses;
} load_t;

/** The impulses per kWh that the settings block in the EEPROM names. */
unsigned load_impulses_per_kwh(const machine_t *machine);

/** Sets the load. False: it needs pulses faster than the S0 interface can give. */
bool load_set(load_t *load, double watts);

/** The chip starts (again): starts the pulses. */
void load_connect(load_t *load);

/** One pulse of this length now. False: a pulse is under way or the power is off. */
bool load_pulse(load_t *load, uint32_t length_ms);

#endif
