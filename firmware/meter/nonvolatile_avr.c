#include "nonvolatile.h"

#include <avr/io.h>
#include <util/atomic.h>

uint8_t nonvolatile_read(uint16_t address) {
    EEAR = address;
    EECR |= _BV(EERE);
    return EEDR;
}

bool nonvolatile_ready(void) { return !(EECR & _BV(EEPE)); }

void nonvolatile_write(uint16_t address, uint8_t value) {
    /* EEPE must follow EEMPE within four cycles (ATmega328P data sheet, 8.4), so no interrupt may
     * come between them. */
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        EEAR = address;
        EEDR = value;
        EECR = _BV(EEMPE);
        EECR |= _BV(EEPE);
    }
}
