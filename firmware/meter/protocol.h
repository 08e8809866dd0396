/*
 * IEC 62056-21 mode C, the meter's side, as a machine over bytes and time. It does no I/O: each
 * call returns what to do, and the caller does it.
 *
 * request "/?address!" CR LF -> identification at 300 baud -> acknowledgement ACK 0 Z 0 CR LF
 * -> data block at the speed that Z names -> back to 300 baud.
 */
#ifndef SAMAY_PROTOCOL_H
#define SAMAY_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

/* "/?" + 32 characters of address (IEC 62056-21, 6.3.2) + "!" + CR + LF */
#define PROTOCOL_LINE_MAX 37

typedef enum {
    PROTOCOL_NOTHING,
    PROTOCOL_SEND_IDENTIFICATION, /* then protocol_sent() when the last bit has left */
    PROTOCOL_SEND_DATA,           /* switch to `baud_character`, send; then protocol_sent() */
    PROTOCOL_RESTART              /* switch to 300 baud and listen */
} protocol_action_t;

typedef enum {
    PROTOCOL_LISTENING,
    PROTOCOL_BEFORE_IDENTIFICATION,
    PROTOCOL_IDENTIFYING,
    PROTOCOL_AWAITING_ACKNOWLEDGEMENT,
    PROTOCOL_BEFORE_DATA,
    PROTOCOL_SENDING_DATA
} protocol_state_t;

typedef struct {
    const char *device_address;
    protocol_state_t state;
    uint16_t quiet_ms; /* since the last byte in, or since the state began */
    uint8_t length;
    uint8_t line[PROTOCOL_LINE_MAX];
    char baud_character; /* '0' = 300 ... '5' = 9600 */
} protocol_t;

void protocol_start(protocol_t *protocol, const char *device_address);

/** A byte came in (7 bits; the UART has taken the parity off). */
protocol_action_t protocol_byte(protocol_t *protocol, uint8_t byte);

/** The UART saw a parity or framing error: what was gathered so far is worth nothing. */
void protocol_line_error(protocol_t *protocol);

/** Time passed. */
protocol_action_t protocol_elapsed(protocol_t *protocol, uint8_t ms);

/** All that the last action asked to send has left the wire. */
protocol_action_t protocol_sent(protocol_t *protocol);

/** The speed of a baud character of mode C, or 0 when this meter does not have it. */
uint16_t protocol_baud(char baud_character);

#endif
