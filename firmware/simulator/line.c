#include "line.h"

#include <avr_uart.h>
#include <errno.h>
#include <fcntl.h>
#include <sim_time.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#ifdef __APPLE__
#include <util.h>
#else
#include <pty.h>
#endif

/* Data addresses of the ATmega328P's UART registers. */
#define UCSR0A_ADDRESS 0xC0
#define UCSR0C_ADDRESS 0xC2
#define UBRR0L_ADDRESS 0xC4
#define UBRR0H_ADDRESS 0xC5
#define U2X_BIT 0x02u
#define UCSZ_BITS 0x06u
#define UCSZ_SEVEN 0x04u
#define CHARACTER_BITS 10

static uint32_t cycles_per_bit(const line_t *line) {
    const uint8_t *data = line->machine->avr->data;
    uint32_t divisor = data[UBRR0L_ADDRESS] | ((data[UBRR0H_ADDRESS] & 0x0Fu) << 8);
    return (divisor + 1) * ((data[UCSR0A_ADDRESS] & U2X_BIT) ? 8 : 16);
}

static bool is_seven_bit(const line_t *line) {
    return (line->machine->avr->data[UCSR0C_ADDRESS] & UCSZ_BITS) == UCSZ_SEVEN;
}

static int speed_baud(speed_t speed) {
    switch (speed) {
        case B300: return 300;
        case B600: return 600;
        case B1200: return 1200;
        case B2400: return 2400;
        case B4800: return 4800;
        case B9600: return 9600;
        default: return 0;
    }
}

/* A receiver tolerates about 4 % between its own speed and the sender's. */
static bool is_speed_right(const line_t *line) {
    struct termios settings;
    if (!line->strict) return true;
    if (tcgetattr(line->master, &settings) != 0) return false;
    double meter = (double)CLOCK_HZ / cycles_per_bit(line);
    double reader = speed_baud(cfgetospeed(&settings));
    return reader > meter * 0.96 && reader < meter * 1.04;
}

static uint8_t with_even_parity(uint8_t byte) {
    return (uint8_t)(byte | (__builtin_parity(byte) << 7));
}

static void meter_sent(struct avr_irq_t *irq, uint32_t value, void *parameter) {
    line_t *line = parameter;
    (void)irq;
    uint8_t byte = (uint8_t)value;
    if (is_seven_bit(line)) {
        byte &= 0x7F;
        if (line->show_parity) byte = with_even_parity(byte);
    }
    if (!is_speed_right(line)) byte = (uint8_t)~byte;
    /* A full buffer means that nobody reads; a real line loses the byte as well. */
    if (write(line->master, &byte, 1) < 0 && errno != EAGAIN) line->machine->cut_due = true;
}

static avr_cycle_count_t feed(avr_t *avr, avr_cycle_count_t when, void *parameter) {
    line_t *line = parameter;
    if (line->head == line->tail) {
        line->feeding = false;
        return 0;
    }
    uint8_t byte = line->queue[line->tail++ % LINE_QUEUE];
    if (!is_speed_right(line)) byte = (uint8_t)~byte;
    if (is_seven_bit(line)) byte &= 0x7F;
    avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT), byte);
    return when + CHARACTER_BITS * cycles_per_bit(line);
}

bool line_open(line_t *line, machine_t *machine) {
    memset(line, 0, sizeof *line);
    line->machine = machine;
    struct termios raw;
    if (openpty(&line->master, &line->slave, line->path, NULL, NULL) != 0) return false;
    /* The slave end stays open here, so that the settings outlive a reader that comes and goes. */
    if (tcgetattr(line->slave, &raw) != 0) return false;
    cfmakeraw(&raw);
    cfsetspeed(&raw, B300);
    return tcsetattr(line->slave, TCSANOW, &raw) == 0 &&
           fcntl(line->master, F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(line->master, F_SETFD, FD_CLOEXEC) == 0 &&
           fcntl(line->slave, F_SETFD, FD_CLOEXEC) == 0;
}

void line_disconnect(line_t *line) {
    line->head = line->tail = 0;
    line->feeding = false;
}

void line_connect(line_t *line) {
    line_disconnect(line);
    avr_irq_t *output =
        avr_io_getirq(line->machine->avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT);
    avr_irq_register_notify(output, meter_sent, line);
}

void line_receive(line_t *line) {
    uint8_t bytes[64];
    ssize_t count = read(line->master, bytes, sizeof bytes);
    if (line->machine->avr == NULL) return;
    for (ssize_t i = 0; i < count; i++)
        if (line->head - line->tail < LINE_QUEUE) line->queue[line->head++ % LINE_QUEUE] = bytes[i];
    if (line->feeding || line->head == line->tail) return;
    line->feeding = true;
    avr_cycle_timer_register(line->machine->avr, CHARACTER_BITS * cycles_per_bit(line), feed, line);
}
