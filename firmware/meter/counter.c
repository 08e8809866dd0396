#include "counter.h"

#include "config.h"

void counter_start(counter_t *counter, uint64_t pulses, bool active, uint16_t now_ticks) {
    counter->pulses = pulses;
    counter->edge_ticks = now_ticks;
    counter->line_active = active;
    counter->settled_active = active;
}

void counter_poll(counter_t *counter, uint16_t now_ticks) {
    if (counter->line_active == counter->settled_active) return;
    if ((uint16_t)(now_ticks - counter->edge_ticks) < PULSE_MIN_TICKS) return;
    counter->settled_active = counter->line_active;
    if (counter->settled_active) counter->pulses++;
}

void counter_edge(counter_t *counter, bool active, uint16_t now_ticks) {
    counter_poll(counter, now_ticks);
    /* The same level again means that a spike came and went before it could be read: the level did
     * not hold, so its time starts anew. */
    counter->line_active = active;
    counter->edge_ticks = now_ticks;
}
