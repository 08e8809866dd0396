#include "machine.h"

#include <avr_acomp.h>
#include <avr_eeprom.h>
#include <avr_ioport.h>
#include <avr_uart.h>
#include <sim_io.h>
#include <sim_time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Data addresses and bits of the ATmega328P (data sheet, register summary). */
#define EECR_ADDRESS 0x3F
#define EEARL_ADDRESS 0x41
#define EEARH_ADDRESS 0x42
#define EEPE_BIT 0x02u
#define TCCR0B_ADDRESS 0x45
#define PIN_PULSE 2
#define PIN_COVER 4
#define EEPROM_PROGRAM_US 3400
#define SUPPLY_GOOD_MV 1700 /* at AIN1; the comparator trips at 1100 */
#define SUPPLY_LOW_MV 600

static void no_sleep(avr_t *avr, avr_cycle_count_t cycles) {
    /* The main loop keeps the pace; a sleeping chip only skips to its next event. */
    (void)avr;
    (void)cycles;
}

static void log_errors(avr_t *avr, const int level, const char *format, va_list arguments) {
    (void)avr;
    if (level <= LOG_ERROR) vfprintf(stderr, format, arguments);
}

static uint8_t *cells(machine_t *machine) {
    avr_eeprom_desc_t whole = {.ee = NULL, .offset = 0, .size = EEPROM_BYTES};
    avr_ioctl(machine->avr, AVR_IOCTL_EEPROM_GET, &whole);
    return whole.ee;
}

/* The level that the wiring gives a pin, which holds against the chip's own pull-up, and its edge. */
static void drive_pin(machine_t *machine, int pin, bool high) {
    if (machine->avr == NULL) return;
    if (high) machine->driven_high |= (uint8_t)(1u << pin);
    else machine->driven_high &= (uint8_t)~(1u << pin);
    avr_ioport_external_t wired = {.name = 'D', .mask = (1u << PIN_PULSE) | (1u << PIN_COVER)};
    wired.value = machine->driven_high;
    avr_ioctl(machine->avr, AVR_IOCTL_IOPORT_SET_EXTERNAL('D'), &wired);
    avr_raise_irq(avr_io_getirq(machine->avr, AVR_IOCTL_IOPORT_GETIRQ('D'), pin), high);
}

static void set_supply(machine_t *machine, uint32_t millivolts) {
    avr_raise_irq(avr_io_getirq(machine->avr, AVR_IOCTL_ACOMP_GETIRQ, ACOMP_IRQ_AIN1), millivolts);
}

static avr_cycle_count_t cut_timer(avr_t *avr, avr_cycle_count_t when, void *parameter) {
    (void)avr;
    (void)when;
    ((machine_t *)parameter)->cut_due = true;
    return 0;
}

static avr_cycle_count_t programmed(avr_t *avr, avr_cycle_count_t when, void *parameter) {
    (void)when;
    avr->data[EECR_ADDRESS] &= (uint8_t)~EEPE_BIT;
    ((machine_t *)parameter)->programming_address = -1;
    return 0;
}

/* Called after simavr's own handler, which has stored the byte and cleared EEPE again. */
static void eeprom_control_written(avr_t *avr, avr_io_addr_t address, uint8_t value, void *parameter) {
    machine_t *machine = parameter;
    (void)address;
    if (!(value & EEPE_BIT) || machine->programming_address >= 0) return;
    machine->programming_address =
        (avr->data[EEARL_ADDRESS] | (avr->data[EEARH_ADDRESS] << 8)) % EEPROM_BYTES;
    avr->data[EECR_ADDRESS] |= EEPE_BIT;
    avr_cycle_timer_register_usec(avr, EEPROM_PROGRAM_US, programmed, machine);
    if (machine->cut_at_byte > 0 && --machine->cut_at_byte == 0)
        avr_cycle_timer_register_usec(avr, EEPROM_PROGRAM_US / 2, cut_timer, machine);
}

/* A reset (by the watchdog) empties simavr's timers and input pins, so all is connected anew. */
static void reset_peripherals(avr_t *avr) {
    machine_t *machine = avr->custom.data;
    machine->core_reset(avr);
    machine->reset_seen = true;
}

/* A chip that sleeps skips to its next event; this keeps it from running far ahead of the clock. */
static avr_cycle_count_t heartbeat(avr_t *avr, avr_cycle_count_t when, void *parameter) {
    (void)avr;
    (void)parameter;
    return when + 4 * CYCLES_PER_MS;
}

static void connect_inputs(machine_t *machine) {
    machine->reset_seen = false;
    machine->programming_address = -1;
    /* Both levels, because simavr passes on only a change. */
    drive_pin(machine, PIN_PULSE, false);
    drive_pin(machine, PIN_PULSE, true);
    drive_pin(machine, PIN_COVER, !machine->cover_open);
    drive_pin(machine, PIN_COVER, machine->cover_open);
    avr_cycle_timer_register(machine->avr, CYCLES_PER_MS, heartbeat, machine);
    machine->on_start(machine->context);
}

bool machine_load(machine_t *machine, const char *elf_path) {
    memset(machine, 0, sizeof *machine);
    machine->programming_address = -1;
    avr_global_logger_set(log_errors);
    if (elf_read_firmware(elf_path, &machine->firmware) != 0) return false;
    machine->firmware.frequency = CLOCK_HZ;
    return machine->firmware.flash != NULL;
}

void machine_power_on(machine_t *machine) {
    if (machine->avr != NULL) return;
    avr_t *avr = avr_make_mcu_by_name("atmega328p");
    avr_init(avr);
    avr_load_firmware(avr, &machine->firmware);
    avr->sleep = no_sleep;
    machine->core_reset = avr->reset;
    avr->custom.data = machine;
    avr->reset = reset_peripherals;
    machine->avr = avr;
    machine->cut_due = false;
    avr_eeprom_desc_t whole = {.ee = machine->eeprom, .offset = 0, .size = EEPROM_BYTES};
    avr_ioctl(avr, AVR_IOCTL_EEPROM_SET, &whole);
    avr_register_io_write(avr, EECR_ADDRESS, eeprom_control_written, machine);
    uint32_t plain = 0; /* neither print lines nor sleep in the UART */
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &plain);
    set_supply(machine, SUPPLY_GOOD_MV);
    connect_inputs(machine);
}

void machine_cut(machine_t *machine) {
    if (machine->avr == NULL) return;
    memcpy(machine->eeprom, cells(machine), EEPROM_BYTES);
    if (machine->programming_address >= 0) machine->eeprom[machine->programming_address] = 0xFF;
    machine->programming_address = -1;
    machine->cut_at_byte = 0;
    machine->cut_due = false;
    avr_terminate(machine->avr);
    free(machine->avr);
    machine->avr = NULL;
}

void machine_fail_supply(machine_t *machine, uint32_t hold_up_ms) {
    if (machine->avr == NULL) return;
    set_supply(machine, SUPPLY_LOW_MV);
    avr_cycle_timer_register_usec(machine->avr, hold_up_ms * 1000, cut_timer, machine);
}

bool machine_run(machine_t *machine, uint64_t cycles) {
    avr_t *avr = machine->avr;
    if (avr == NULL) return true;
    avr_cycle_count_t until = avr->cycle + cycles;
    while (avr->cycle < until && !machine->cut_due) {
        int state = avr_run(avr);
        if (state == cpu_Done || state == cpu_Crashed) return false;
        if (machine->reset_seen) connect_inputs(machine);
    }
    memcpy(machine->eeprom, cells(machine), EEPROM_BYTES);
    if (machine->cut_due) machine_cut(machine);
    return true;
}

void machine_set_cover(machine_t *machine, bool open) {
    machine->cover_open = open;
    drive_pin(machine, PIN_COVER, open);
}

void machine_set_pulse(machine_t *machine, bool active) { drive_pin(machine, PIN_PULSE, !active); }

void machine_hang(machine_t *machine) {
    avr_t *avr = machine->avr;
    if (avr == NULL) return;
    avr_io_addr_t at = AVR_DATA_TO_IO(TCCR0B_ADDRESS);
    avr->io[at].w.c(avr, TCCR0B_ADDRESS, 0, avr->io[at].w.param);
}
