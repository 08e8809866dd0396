/*
 * The simulated chip with its power supply: an ATmega328P that exists while the power is on.
 *
 * Switching the power on makes a new chip (RAM and registers as after power-on) with the EEPROM
 * as it was. simavr programs an EEPROM byte at once; this adds the 3.4 ms that the data sheet
 * gives, so that a cut can come in the middle of a byte and hold-up times mean something.
 */
#ifndef SIMULATOR_MACHINE_H
#define SIMULATOR_MACHINE_H

#include <sim_avr.h>
#include <sim_elf.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"

#define CLOCK_HZ 16000000u
#define CYCLES_PER_MS (CLOCK_HZ / 1000)

typedef struct {
    void (*on_start)(void *context); /* after power-on and after each reset: connect again */
    void *context;
    void (*core_reset)(avr_t *avr);
    avr_t *avr; /* NULL while the power is off */
    elf_firmware_t firmware;
    uint8_t eeprom[EEPROM_BYTES]; /* what the cells hold, power or not */
    bool cover_open;
    uint8_t driven_high; /* port D, as wired */
    bool reset_seen;
    bool cut_due;            /* the power goes at the end of this step */
    int programming_address; /* of the byte being programmed, or -1 */
    uint32_t cut_at_byte;    /* cut while this byte from now is programmed; 0 = never */
} machine_t;

/** Loads the firmware image. False: not a usable ELF file. */
bool machine_load(machine_t *machine, const char *elf_path);

void machine_power_on(machine_t *machine);

/** The power goes at once. A byte that is being programmed is left erased. */
void machine_cut(machine_t *machine);

/** The supply falls below the warning level; the power goes `hold_up_ms` later. */
void machine_fail_supply(machine_t *machine, uint32_t hold_up_ms);

/** Runs until at least `cycles` have passed or the power is off. False: the firmware crashed. */
bool machine_run(machine_t *machine, uint64_t cycles);

void machine_set_cover(machine_t *machine, bool open);

/** The S0 contact; active pulls the line low. */
void machine_set_pulse(machine_t *machine, bool active);

/** Stops the firmware's tick, as a fault in the clock would: the watchdog has to notice. */
void machine_hang(machine_t *machine);

#endif
