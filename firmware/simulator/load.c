#include "load.h"

#include <sim_time.h>
#include <stddef.h>

unsigned load_impulses_per_kwh(const machine_t *machine) {
    const uint8_t *block = machine->eeprom + SETTINGS_COPY_A;
    unsigned named = block[4] | (block[5] << 8);
    return block[0] == 'S' && block[1] == 'M' && named != 0 ? named : DEFAULT_IMPULSES_PER_KWH;
}

static double pulses_per_cycle(const load_t *load) {
    return load->watts * load_impulses_per_kwh(load->machine) / 3.6e6 / CLOCK_HZ;
}

static avr_cycle_count_t end_pulse(avr_t *avr, avr_cycle_count_t when, void *parameter) {
    load_t *load = parameter;
    (void)avr;
    (void)when;
    load->pulse_active = false;
    machine_set_pulse(load->machine, false);
    return 0;
}

static void begin_pulse(load_t *load, uint32_t length_ms) {
    load->pulse_active = true;
    load->pulses++;
    machine_set_pulse(load->machine, true);
    avr_cycle_timer_register(load->machine->avr, (uint64_t)length_ms * CYCLES_PER_MS, end_pulse, load);
}

static avr_cycle_count_t energy_reached(avr_t *avr, avr_cycle_count_t when, void *parameter) {
    load_t *load = parameter;
    (void)avr;
    if (!load->pulse_active) begin_pulse(load, LOAD_PULSE_MS);
    load->progress = 0;
    load->since = when;
    return when + (avr_cycle_count_t)(1 / pulses_per_cycle(load));
}

static void note_progress(load_t *load) {
    avr_cycle_count_t now = load->machine->avr->cycle;
    load->progress += (double)(now - load->since) * pulses_per_cycle(load);
    if (load->progress > 1) load->progress = 1;
    load->since = now;
}

static void schedule(load_t *load) {
    avr_cycle_timer_cancel(load->machine->avr, energy_reached, load);
    if (load->watts <= 0) return;
    double cycles = (1 - load->progress) / pulses_per_cycle(load);
    avr_cycle_timer_register(load->machine->avr, (avr_cycle_count_t)cycles + 1, energy_reached, load);
}

bool load_set(load_t *load, double watts) {
    double fastest = 3.6e9 / (2.0 * LOAD_PULSE_MS) / load_impulses_per_kwh(load->machine);
    if (!(watts >= 0) || watts > fastest) return false;
    if (load->machine->avr != NULL) note_progress(load);
    load->watts = watts;
    if (load->machine->avr != NULL) schedule(load);
    return true;
}

void load_connect(load_t *load) {
    load->pulse_active = false;
    load->since = load->machine->avr->cycle;
    schedule(load);
}

bool load_pulse(load_t *load, uint32_t length_ms) {
    if (load->machine->avr == NULL || load->pulse_active) return false;
    begin_pulse(load, length_ms);
    return true;
}
