/*
 * The serial line: the chip's UART on one side, a pseudo-terminal on the other.
 *
 * Bytes travel at the speed the UART is set to. A pseudo-terminal knows no parity: the chip's
 * 7E1 characters appear with bit 7 clear, or, with `show_parity`, as a reader set to 8N1 would
 * see them on a real line, with even parity in bit 7. What comes in is cut to 7 bits, as the UART
 * does. With `strict`, a reader whose terminal is set to another speed than the UART gets and
 * gives garbage, as on a real line.
 */
#ifndef SIMULATOR_LINE_H
#define SIMULATOR_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "machine.h"

#define LINE_QUEUE 512 /* a power of two */

typedef struct {
    machine_t *machine;
    int master, slave;
    char path[64];
    bool strict, show_parity;
    bool feeding;
    uint8_t queue[LINE_QUEUE];
    unsigned head, tail;
} line_t;

/** Makes the pseudo-terminal. False: the system has none left. */
bool line_open(line_t *line, machine_t *machine);

/** Connects to a chip that starts; what was on its way is lost. */
void line_connect(line_t *line);

/** The power is off: what was on its way is lost. */
void line_disconnect(line_t *line);

/** Takes in what the reader has sent. Call when `master` is readable. */
void line_receive(line_t *line);

#endif
