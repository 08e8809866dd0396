#include "protocol.h"

#include <string.h>

#include "config.h"

#define ACK 0x06
#define ACKNOWLEDGEMENT_BYTES 6

static void enter(protocol_t *protocol, protocol_state_t state) {
    protocol->state = state;
    protocol->quiet_ms = 0;
    protocol->length = 0;
}

void protocol_start(protocol_t *protocol, const char *device_address) {
    protocol->device_address = device_address;
    protocol->baud_character = '0';
    enter(protocol, PROTOCOL_LISTENING);
}

uint16_t protocol_baud(char baud_character) {
    if (baud_character < '0' || baud_character > '5') return 0;
    return (uint16_t)(300u << (baud_character - '0'));
}

/* Leading zeros count neither in the request nor in the meter; no address calls every meter
 * (IEC 62056-21, 6.3.2, item 22). */
static bool is_address_ours(const char *ours, const uint8_t *asked, uint8_t length) {
    if (length == 0) return true;
    while (length > 0 && *asked == '0') asked++, length--;
    while (*ours == '0') ours++;
    return strlen(ours) == length && memcmp(ours, asked, length) == 0;
}

static bool is_request_for_us(const protocol_t *protocol) {
    uint8_t length = protocol->length;
    const uint8_t *line = protocol->line;
    if (length < 5 || line[1] != '?') return false;
    if (line[length - 3] != '!' || line[length - 2] != '\r') return false;
    return is_address_ours(protocol->device_address, line + 2, length - 5);
}

/* Gathers a line from "/" to LF. All else before it is wake-up characters or noise. */
static protocol_action_t listen(protocol_t *protocol, uint8_t byte) {
    if (byte == '/') protocol->length = 0;
    else if (protocol->length == 0) return PROTOCOL_NOTHING;
    if (protocol->length == PROTOCOL_LINE_MAX) {
        protocol->length = 0;
        return PROTOCOL_NOTHING;
    }
    protocol->line[protocol->length++] = byte;
    if (byte != '\n') return PROTOCOL_NOTHING;
    if (is_request_for_us(protocol)) enter(protocol, PROTOCOL_BEFORE_IDENTIFICATION);
    else protocol->length = 0;
    return PROTOCOL_NOTHING;
}

/* ACK V Z Y CR LF: V '0' normal procedure, Z the speed, Y '0' data readout (6.3.2, items 10 to 12).
 * Programming mode is not offered. */
static bool is_acknowledgement(const uint8_t *line) {
    return line[1] == '0' && protocol_baud((char)line[2]) != 0 && line[3] == '0' &&
           line[4] == '\r' && line[5] == '\n';
}

static protocol_action_t await_acknowledgement(protocol_t *protocol, uint8_t byte) {
    /* A reader that did not hear the identification asks again. */
    if (byte == '/') {
        enter(protocol, PROTOCOL_LISTENING);
        return listen(protocol, byte);
    }
    if (byte == ACK) protocol->length = 0;
    else if (protocol->length == 0) return PROTOCOL_NOTHING;
    protocol->line[protocol->length++] = byte;
    if (protocol->length < ACKNOWLEDGEMENT_BYTES) return PROTOCOL_NOTHING;
    if (!is_acknowledgement(protocol->line)) {
        enter(protocol, PROTOCOL_LISTENING);
        return PROTOCOL_RESTART;
    }
    protocol->baud_character = (char)protocol->line[2];
    enter(protocol, PROTOCOL_BEFORE_DATA);
    return PROTOCOL_NOTHING;
}

protocol_action_t protocol_byte(protocol_t *protocol, uint8_t byte) {
    if (protocol->state == PROTOCOL_LISTENING) {
        protocol->quiet_ms = 0;
        return listen(protocol, byte);
    }
    if (protocol->state == PROTOCOL_AWAITING_ACKNOWLEDGEMENT) {
        protocol->quiet_ms = 0;
        return await_acknowledgement(protocol, byte);
    }
    return PROTOCOL_NOTHING; /* half duplex: nothing is expected while the meter speaks */
}

void protocol_line_error(protocol_t *protocol) { protocol->length = 0; }

protocol_action_t protocol_elapsed(protocol_t *protocol, uint8_t ms) {
    if (protocol->quiet_ms < UINT16_MAX - ms) protocol->quiet_ms += ms;
    switch (protocol->state) {
        case PROTOCOL_LISTENING:
            if (protocol->quiet_ms >= CHARACTER_TIMEOUT_MS) protocol->length = 0;
            return PROTOCOL_NOTHING;
        case PROTOCOL_BEFORE_IDENTIFICATION:
            if (protocol->quiet_ms < REACTION_MS) return PROTOCOL_NOTHING;
            enter(protocol, PROTOCOL_IDENTIFYING);
            return PROTOCOL_SEND_IDENTIFICATION;
        case PROTOCOL_AWAITING_ACKNOWLEDGEMENT:
            if (protocol->quiet_ms < ACKNOWLEDGE_TIMEOUT_MS) return PROTOCOL_NOTHING;
            enter(protocol, PROTOCOL_LISTENING);
            return PROTOCOL_RESTART;
        case PROTOCOL_BEFORE_DATA:
            if (protocol->quiet_ms < REACTION_MS) return PROTOCOL_NOTHING;
            enter(protocol, PROTOCOL_SENDING_DATA);
            return PROTOCOL_SEND_DATA;
        default:
            return PROTOCOL_NOTHING;
    }
}

protocol_action_t protocol_sent(protocol_t *protocol) {
    if (protocol->state == PROTOCOL_IDENTIFYING) {
        enter(protocol, PROTOCOL_AWAITING_ACKNOWLEDGEMENT);
        return PROTOCOL_NOTHING;
    }
    if (protocol->state != PROTOCOL_SENDING_DATA) return PROTOCOL_NOTHING;
    enter(protocol, PROTOCOL_LISTENING);
    return PROTOCOL_RESTART;
}
