/*
 * The EEPROM as the logic sees it: bytes that read at once and take milliseconds to write.
 * nonvolatile_avr.c is the real one; the host tests bring one that tears and wears.
 */
#ifndef SAMAY_NONVOLATILE_H
#define SAMAY_NONVOLATILE_H

#include <stdbool.h>
#include <stdint.h>

/** Reads a byte. Only when nonvolatile_ready(). */
uint8_t nonvolatile_read(uint16_t address);

/** No write is being programmed. */
bool nonvolatile_ready(void);

/** Starts to program a byte and returns before it is done. Only when nonvolatile_ready(). */
void nonvolatile_write(uint16_t address, uint8_t value);

#endif
