/* The cover switch, debounced: counts how often the cover was opened. */
#ifndef SAMAY_COVER_H
#define SAMAY_COVER_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    bool open;
    uint8_t differing_ms; /* how long the switch has said otherwise */
} cover_t;

/** Looks at the switch after `ms`. True: the cover has just been opened. */
bool cover_look(cover_t *cover, bool switch_open, uint8_t ms);

#endif
