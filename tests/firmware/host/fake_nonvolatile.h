/* An EEPROM for tests: power can go in the middle of a byte, and cells can be worn out. */
#ifndef FAKE_NONVOLATILE_H
#define FAKE_NONVOLATILE_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"

extern uint8_t fake_cells[EEPROM_BYTES];
extern unsigned fake_writes[EEPROM_BYTES]; /* how often each cell was programmed */

/** Erased, unworn, powered. */
void fake_erase(void);

/** Power goes while the byte number `after` from now is programmed; that cell reads `left` then. */
void fake_cut(int after, uint8_t left);

/** Power is back. */
void fake_power_on(void);

/** This cell no longer takes a new value. */
void fake_wear(uint16_t address);

bool fake_is_cut(void);

#endif
