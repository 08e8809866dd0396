#include <string.h>

#include "check.h"
#include "readout.h"

static uint8_t block[READOUT_BYTES_MAX];
static settings_t settings = {3200, "170000000001", "SEM00000042", "42"};

static uint8_t write_block(uint64_t pulses, uint16_t openings, uint8_t flags) {
    readout_values_t values = {&settings, pulses, openings, flags};
    memset(block, 0, sizeof block);
    return readout_block(block, &values);
}

static bool says(const char *text) { return strstr((const char *)block, text) != NULL; }

static void exact_block(void) {
    const char expected[] =
        "\x02"
        "F.F(00000018)\r\n0.0.0(170000000001)\r\nC.1.0(SEM00000042)\r\n0.2.0(SEM-1.0)\r\n"
        "0.3.0(3200*imp/kWh)\r\n1.8.0(000123.456*kWh)\r\nC.51.1(00002)\r\n!\r\n\x03";
    uint8_t length = write_block(395060, 2, 0x18); /* 123.45625 kWh */
    CHECK(length == sizeof expected); /* the terminating NUL stands for the BCC */
    CHECK(memcmp(block, expected, sizeof expected - 1) == 0);
    uint8_t bcc = 0;
    for (unsigned i = 1; i < sizeof expected - 1; i++) bcc ^= (uint8_t)expected[i];
    CHECK(block[length - 1] == bcc);
}

static void bcc_vector(void) {
    /* 'A' ^ ETX */
    CHECK(readout_bcc((const uint8_t *)"A\x03", 2) == 0x42);
    CHECK(readout_bcc((const uint8_t *)"", 0) == 0);
    for (unsigned pulses = 0; pulses < 5000; pulses += 7) {
        uint8_t length = write_block(pulses, 0, 0);
        CHECK(block[length - 2] == 0x03 && block[length - 1] < 0x80); /* fits 7 bits */
    }
}

static void no_loss(void) {
    for (uint16_t constant = 1; constant != 0 && constant < 60000; constant += 97)
        for (uint64_t kwh = 0; kwh < 1000000; kwh += 99991)
            CHECK(readout_energy_wh(kwh * constant, constant) == kwh * 1000u);
    CHECK(readout_energy_wh(1, 3200) == 0);
    CHECK(readout_energy_wh(4, 3200) == 1);
    CHECK(readout_energy_wh(2999999999ull, 3000) == 999999999ull);
    CHECK(readout_energy_wh((1ull << 40) - 1, 1) == ((1ull << 40) - 1) * 1000u);
}

static void rolls_over(void) {
    settings.impulses_per_kwh = 1000;
    write_block(999999999, 0, 0);
    CHECK(says("1.8.0(999999.999*kWh)"));
    write_block(1000000000, 0, 0);
    CHECK(says("1.8.0(000000.000*kWh)"));
    write_block(1000000001, 0, 0);
    CHECK(says("1.8.0(000000.001*kWh)"));
    write_block(5000000001ull, 0, 0); /* more Wh than 32 bits hold */
    CHECK(says("1.8.0(000000.001*kWh)"));
    settings.impulses_per_kwh = 3200;
}

static void longest_block(void) {
    settings_t longest = {65535, "CCCCCCCCCCCCCCCC", "SSSSSSSSSSSSSSSS", "AAAAAAAAAAAAAAAA"};
    readout_values_t values = {&longest, (1ull << 40) - 1, 65535, 0xFF};
    uint8_t length = readout_block(block, &values);
    CHECK(length < READOUT_BYTES_MAX);
    CHECK(says("F.F(000000FF)") && says("C.51.1(65535)") && says("0.3.0(65535*imp/kWh)"));
}

void readout_tests(void) {
    TEST("readout_block() writes the documented registers when all is set", exact_block);
    TEST("readout_bcc() covers what follows STX up to ETX", bcc_vector);
    TEST("readout_energy_wh() loses nothing when pulses make whole kWh", no_loss);
    TEST("readout_block() starts at zero again when the display is full", rolls_over);
    TEST("readout_block() stays in its buffer when every text is at its longest", longest_block);
}
