#include "commands.h"

#include <stdio.h>
#include <string.h>

/* The supply of docs/firmware.md lasts this long after the warning. */
#define HOLD_UP_MS 130
/* The firmware reads its EEPROM and listens within this time. */
#define START_UP_MS 100
#define SPEED_MAX 10000.0

static void answer(bool ok, const char *error) {
    if (ok) printf("{\"ok\":true}\n");
    else printf("{\"ok\":false,\"error\":\"%s\"}\n", error);
}

static void status(const simulator_t *simulator) {
    const machine_t *machine = &simulator->machine;
    double simulated_s = machine->avr ? (double)machine->avr->cycle / CLOCK_HZ : 0;
    printf("{\"ok\":true,\"powered\":%s,\"simulated_s\":%.3f,\"pulses\":%llu,\"watts\":%g}\n",
           machine->avr ? "true" : "false", simulated_s, (unsigned long long)simulator->load.pulses,
           simulator->load.watts);
}

static void connect(void *context) {
    simulator_t *simulator = context;
    line_connect(&simulator->line);
    load_connect(&simulator->load);
}

void simulator_power_on(simulator_t *simulator) {
    if (simulator->machine.avr != NULL) return;
    simulator->machine.on_start = connect;
    simulator->machine.context = simulator;
    machine_power_on(&simulator->machine);
    /* A crash in these first moments stays, and the main loop reports it. */
    (void)machine_run(&simulator->machine, START_UP_MS * CYCLES_PER_MS);
    printf("{\"event\":\"power\",\"on\":true}\n");
}

static bool is_only(const char *text, int used) { return used > 0 && text[used] == '\0'; }

void command_run(simulator_t *simulator, const char *text) {
    machine_t *machine = &simulator->machine;
    double number;
    unsigned count;
    int used = 0;
    if (sscanf(text, "watts %lf%n", &number, &used) == 1 && is_only(text, used)) {
        answer(load_set(&simulator->load, number),
               "the load must be from 0 W to what 15 pulses a second can tell");
    } else if (sscanf(text, "speed %lf%n", &number, &used) == 1 && is_only(text, used)) {
        bool ok = number > 0 && number <= SPEED_MAX;
        if (ok) simulator->speed = number;
        answer(ok, "the speed must be over 0 and at most 10000");
    } else if (strcmp(text, "cover open") == 0 || strcmp(text, "cover closed") == 0) {
        machine_set_cover(machine, text[6] == 'o');
        answer(true, NULL);
    } else if (sscanf(text, "pulse %u%n", &count, &used) == 1 && is_only(text, used)) {
        answer(count > 0 && count <= 10000 && load_pulse(&simulator->load, count),
               "a pulse is 1 to 10000 ms long, needs power, and only one goes at a time");
    } else if (strcmp(text, "power on") == 0) {
        simulator_power_on(simulator);
        answer(true, NULL);
    } else if (strcmp(text, "power off") == 0) {
        machine_fail_supply(machine, HOLD_UP_MS);
        answer(true, NULL);
    } else if (sscanf(text, "power off %u%n", &count, &used) == 1 && is_only(text, used)) {
        if (count <= 10000) machine_fail_supply(machine, count);
        answer(count <= 10000, "the hold-up time is at most 10000 ms");
    } else if (sscanf(text, "cut at-eeprom-byte %u%n", &count, &used) == 1 && is_only(text, used)) {
        machine->cut_at_byte = count;
        answer(true, NULL);
    } else if (strcmp(text, "cut") == 0) {
        machine_cut(machine);
        answer(true, NULL);
    } else if (strcmp(text, "hang") == 0) {
        machine_hang(machine);
        answer(true, NULL);
    } else if (strcmp(text, "status") == 0) {
        status(simulator);
    } else {
        answer(false, "unknown command; see firmware/simulator/README.md");
    }
}
