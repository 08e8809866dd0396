/*
 * The data block of a readout (IEC 62056-21, 6.3.3): STX, the registers, "!", ETX and the block
 * check character. docs/firmware.md lists the registers.
 */
#ifndef SAMAY_READOUT_H
#define SAMAY_READOUT_H

#include <stdint.h>

#include "settings.h"

/* The longest block: every text at its full length, with some to spare. */
#define READOUT_BYTES_MAX 208

typedef struct {
    const settings_t *settings;
    uint64_t pulses;
    uint16_t cover_openings;
    uint8_t flags;
} readout_values_t;

/** Energy in Wh, rounded down: pulses of 40 bits times 1000 fit in 64 bits, so nothing is lost. */
uint64_t readout_energy_wh(uint64_t pulses, uint16_t impulses_per_kwh);

/** Writes the block and returns its length. `out` holds READOUT_BYTES_MAX bytes. */
uint8_t readout_block(uint8_t *out, const readout_values_t *values);

/** XOR of the bytes after STX up to and including ETX (IEC 62056-21, 6.3.1, block check). */
uint8_t readout_bcc(const uint8_t *bytes, uint8_t length);

#endif
