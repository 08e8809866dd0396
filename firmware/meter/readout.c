#include "readout.h"

#include "config.h"

#define STX 0x02
#define ETX 0x03
/* The display has six digits of kWh before the point; after 999,999.999 it starts at zero again. */
#define REGISTER_WH 1000000000ULL

static uint8_t *put_text(uint8_t *at, const char *text) {
    while (*text != '\0') *at++ = (uint8_t)*text++;
    return at;
}

static uint8_t *put_digits(uint8_t *at, uint32_t value, uint8_t digits) {
    for (uint8_t i = digits; i-- > 0; value /= 10) at[i] = (uint8_t)('0' + value % 10);
    return at + digits;
}

static uint8_t *put_number(uint8_t *at, uint16_t value) {
    uint8_t digits = 1;
    for (uint16_t rest = value; rest >= 10; rest /= 10) digits++;
    return put_digits(at, value, digits);
}

static uint8_t *put_flags(uint8_t *at, uint8_t flags) {
    at = put_text(at, "000000");
    *at++ = (uint8_t)"0123456789ABCDEF"[flags >> 4];
    *at++ = (uint8_t)"0123456789ABCDEF"[flags & 0x0F];
    return at;
}

uint64_t readout_energy_wh(uint64_t pulses, uint16_t impulses_per_kwh) {
    return pulses * 1000u / impulses_per_kwh;
}

static uint8_t *put_energy(uint8_t *at, uint64_t wh) {
    uint32_t shown_wh = (uint32_t)(wh % REGISTER_WH);
    at = put_digits(at, shown_wh / 1000, 6);
    *at++ = '.';
    return put_digits(at, shown_wh % 1000, 3);
}

uint8_t readout_bcc(const uint8_t *bytes, uint8_t length) {
    uint8_t bcc = 0;
    while (length-- > 0) bcc ^= *bytes++;
    return bcc;
}

uint8_t readout_block(uint8_t *out, const readout_values_t *values) {
    const settings_t *settings = values->settings;
    uint8_t *at = out;
    *at++ = STX;
    at = put_flags(put_text(at, "F.F("), values->flags);
    at = put_text(put_text(at, ")\r\n0.0.0("), settings->consumer_number);
    at = put_text(put_text(at, ")\r\nC.1.0("), settings->serial_number);
    at = put_text(put_text(at, ")\r\n0.2.0("), FIRMWARE_VERSION);
    at = put_number(put_text(at, ")\r\n0.3.0("), settings->impulses_per_kwh);
    at = put_text(at, "*imp/kWh)\r\n1.8.0(");
    at = put_energy(at, readout_energy_wh(values->pulses, settings->impulses_per_kwh));
    at = put_text(at, "*kWh)\r\nC.51.1(");
    at = put_digits(at, values->cover_openings, 5);
    at = put_text(at, ")\r\n!\r\n");
    *at++ = ETX;
    *at = readout_bcc(out + 1, (uint8_t)(at - out - 1));
    return (uint8_t)(at + 1 - out);
}
