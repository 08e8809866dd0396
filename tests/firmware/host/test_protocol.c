#include <string.h>

#include "check.h"
#include "config.h"
#include "protocol.h"

static protocol_t protocol;

static protocol_action_t feed_bytes(const char *bytes, size_t length) {
    protocol_action_t last = PROTOCOL_NOTHING;
    for (size_t i = 0; i < length; i++) {
        protocol_action_t action = protocol_byte(&protocol, (uint8_t)bytes[i]);
        if (action != PROTOCOL_NOTHING) last = action;
    }
    return last;
}

static protocol_action_t feed(const char *text) { return feed_bytes(text, strlen(text)); }

/* The first action within `ms`, and when it came. */
static unsigned acted_after_ms;
static protocol_action_t wait(unsigned ms) {
    for (acted_after_ms = TICK_MS; acted_after_ms <= ms; acted_after_ms += TICK_MS) {
        protocol_action_t action = protocol_elapsed(&protocol, TICK_MS);
        if (action != PROTOCOL_NOTHING) return action;
    }
    return PROTOCOL_NOTHING;
}

static bool answers(const char *address, const char *request) {
    protocol_start(&protocol, address);
    feed(request);
    return wait(1500) == PROTOCOL_SEND_IDENTIFICATION;
}

static void identify(void) {
    CHECK(answers("42", "/?!\r\n"));
    CHECK(protocol_sent(&protocol) == PROTOCOL_NOTHING);
}

static void whole_exchange(void) {
    identify();
    CHECK(acted_after_ms == REACTION_MS);
    CHECK(feed("\x06" "050\r\n") == PROTOCOL_NOTHING);
    CHECK(wait(1500) == PROTOCOL_SEND_DATA && acted_after_ms == REACTION_MS);
    CHECK(protocol.baud_character == '5' && protocol_baud('5') == 9600);
    CHECK(wait(10000) == PROTOCOL_NOTHING); /* as long as the data takes */
    CHECK(protocol_sent(&protocol) == PROTOCOL_RESTART);
    feed("/?!\r\n");
    CHECK(wait(1500) == PROTOCOL_SEND_IDENTIFICATION);
}

static void every_speed(void) {
    const uint16_t bauds[] = {300, 600, 1200, 2400, 4800, 9600};
    for (int i = 0; i < 6; i++) {
        char acknowledgement[] = "\x06" "0?0\r\n";
        acknowledgement[2] = (char)('0' + i);
        identify();
        feed(acknowledgement);
        CHECK(wait(1500) == PROTOCOL_SEND_DATA);
        CHECK(protocol_baud(protocol.baud_character) == bauds[i]);
    }
    CHECK(protocol_baud('6') == 0 && protocol_baud('/') == 0 && protocol_baud('A') == 0);
}

static void wake_up(void) {
    protocol_start(&protocol, "42");
    char nuls[300] = {0};
    feed_bytes(nuls, sizeof nuls);
    feed_bytes("\xFF\x7F garbage \r\n", 14);
    feed("/?!\r\n");
    CHECK(wait(1500) == PROTOCOL_SEND_IDENTIFICATION);
    protocol_start(&protocol, "42");
    feed("/?12/?!\r\n"); /* a new start sign begins a new request */
    CHECK(wait(1500) == PROTOCOL_SEND_IDENTIFICATION);
}

static void addresses(void) {
    CHECK(answers("42", "/?42!\r\n"));
    CHECK(answers("42", "/?00000042!\r\n"));
    CHECK(answers("00042", "/?42!\r\n"));
    CHECK(answers("0", "/?000!\r\n"));
    CHECK(answers("A b", "/?A b!\r\n"));
    CHECK(answers("42", "/?00000000000000000000000000000042!\r\n")); /* 32 characters */
    CHECK(!answers("42", "/?4!\r\n"));
    CHECK(!answers("42", "/?420!\r\n"));
    CHECK(!answers("42", "/?0!\r\n"));
    CHECK(!answers("A b", "/?a b!\r\n"));
    CHECK(!answers("42", "/?000000000000000000000000000000042!\r\n")); /* 33: too long */
}

static void bad_requests(void) {
    const char *bad[] = {"/!\r\n", "?!\r\n", "/?\r\n", "/?!\n", "/?!\r", "/A!\r\n", "/?42\r\n",
                         "/?!!!\r\n", "\r\n", "/\r\n", "/?! \r\n"};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(!answers("42", bad[i]));
        feed("\r\n/?!\r\n");
        CHECK(wait(1500) == PROTOCOL_SEND_IDENTIFICATION); /* and the next good one is heard */
    }
    protocol_start(&protocol, "42");
    char flood[1000];
    memset(flood, '/', sizeof flood);
    feed_bytes(flood, sizeof flood);
    memset(flood, 'A', sizeof flood);
    feed_bytes(flood, sizeof flood);
    feed("/?!\r\n");
    CHECK(wait(1500) == PROTOCOL_SEND_IDENTIFICATION);
}

static void half_request(void) {
    protocol_start(&protocol, "42");
    feed("/?");
    wait(CHARACTER_TIMEOUT_MS);
    feed("!\r\n");
    CHECK(wait(1500) == PROTOCOL_NOTHING);
    protocol_start(&protocol, "42");
    feed("/?4");
    protocol_line_error(&protocol);
    feed("2!\r\n");
    CHECK(wait(1500) == PROTOCOL_NOTHING);
}

static void no_acknowledgement(void) {
    identify();
    CHECK(wait(5000) == PROTOCOL_RESTART && acted_after_ms == ACKNOWLEDGE_TIMEOUT_MS);
    feed("\x06" "050\r\n"); /* too late */
    CHECK(wait(3000) == PROTOCOL_NOTHING);
    identify();
    feed("\x06" "05");
    CHECK(wait(5000) == PROTOCOL_RESTART);
}

static void bad_acknowledgements(void) {
    const char *bad[] = {"\x06" "060\r\n", "\x06" "051\r\n", "\x06" "150\r\n", "\x06" "0Z0\r\n",
                         "\x06" "050\n\r"};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        identify();
        CHECK(feed(bad[i]) == PROTOCOL_RESTART);
        CHECK(wait(3000) == PROTOCOL_NOTHING);
    }
}

static void asked_again(void) {
    identify();
    feed("/?!\r\n");
    CHECK(wait(1500) == PROTOCOL_SEND_IDENTIFICATION);
}

static void deaf_while_speaking(void) {
    CHECK(answers("42", "/?!\r\n"));
    feed("\x06" "050\r\n"); /* before the identification has left */
    CHECK(wait(1000) == PROTOCOL_NOTHING);
    protocol_sent(&protocol);
    CHECK(wait(1000) == PROTOCOL_NOTHING);
    CHECK(protocol.state == PROTOCOL_AWAITING_ACKNOWLEDGEMENT);
}

void protocol_tests(void) {
    TEST("protocol_byte() goes through a whole readout when all is right", whole_exchange);
    TEST("protocol_baud() knows each speed of mode C up to 9600", every_speed);
    TEST("protocol_byte() hears the request when wake-up bytes or noise precede it", wake_up);
    TEST("protocol_byte() answers only its address, and leading zeros do not count", addresses);
    TEST("protocol_byte() ignores a bad request and hears the next", bad_requests);
    TEST("protocol_byte() forgets half a request after silence or a line error", half_request);
    TEST("protocol_elapsed() goes back to 300 baud when no acknowledgement comes", no_acknowledgement);
    TEST("protocol_byte() goes back to 300 baud when the acknowledgement is bad", bad_acknowledgements);
    TEST("protocol_byte() starts anew when the reader asks again", asked_again);
    TEST("protocol_byte() hears nothing while the meter speaks", deaf_while_speaking);
}
