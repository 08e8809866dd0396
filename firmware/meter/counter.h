/*
 * Counts S0 pulses (IEC 62053-31) from the times of their edges.
 *
 * A level counts as real when it has held for PULSE_MIN_TICKS. A pulse is counted once, when its
 * active level has become real; the next one needs a real pause first. So neither a short glitch
 * nor a short drop-out inside a long pulse changes the count.
 */
#ifndef SAMAY_COUNTER_H
#define SAMAY_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint64_t pulses;      /* since the register was zero; 40 bits are kept in EEPROM */
    uint16_t edge_ticks;  /* when the line changed last; wraps, see counter_poll */
    bool line_active;     /* the line after the last edge */
    bool settled_active;  /* the last level that held long enough */
} counter_t;

/** Starts from a stored count. A pulse that is already under way was counted before. */
void counter_start(counter_t *counter, uint64_t pulses, bool active, uint16_t now_ticks);

/** The line changed; `active` is its level after the change. */
void counter_edge(counter_t *counter, bool active, uint16_t now_ticks);

/** Lets a level that holds become real. Call at least every two seconds: the ticks wrap at four. */
void counter_poll(counter_t *counter, uint16_t now_ticks);

#endif
