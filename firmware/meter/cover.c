#include "cover.h"

#include "config.h"

bool cover_look(cover_t *cover, bool switch_open, uint8_t ms) {
    if (switch_open == cover->open) {
        cover->differing_ms = 0;
        return false;
    }
    cover->differing_ms += ms;
    if (cover->differing_ms < COVER_SETTLE_MS) return false;
    cover->open = switch_open;
    cover->differing_ms = 0;
    return cover->open;
}
