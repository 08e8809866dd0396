/*
 * Runs the meter's firmware image on a simulated ATmega328P. See README.md in this folder.
 *
 * One thread: it lets the chip run for the time that has passed on the wall clock times the
 * speed, then looks at the line, at stdin and at the signals.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "store.h"

/* A host that cannot keep up falls behind instead of running in bursts. */
#define LAG_MAX_S 0.05
#define STEP_CYCLES CYCLES_PER_MS
#define COMMAND_MAX 128

static volatile sig_atomic_t stop_asked, cut_asked;
static void on_stop(int number) { (void)number; stop_asked = 1; }
static void on_cut(int number) { (void)number; cut_asked = 1; }

typedef struct {
    const char *firmware, *eeprom;
    double watts, speed;
    bool strict, show_parity, cover_open;
} options_t;

static int fail(const char *what, const char *which) {
    fprintf(stderr, "simulator: %s%s%s\n", what, which[0] != '\0' ? ": " : "", which);
    return 1;
}

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool parse(int count, char **arguments, options_t *options) {
    static const struct option known[] = {
        {"firmware", required_argument, NULL, 'f'}, {"eeprom", required_argument, NULL, 'e'},
        {"watts", required_argument, NULL, 'w'},    {"speed", required_argument, NULL, 's'},
        {"strict-line", no_argument, NULL, 'l'},    {"show-parity", no_argument, NULL, 'p'},
        {"cover-open", no_argument, NULL, 'c'},     {NULL, 0, NULL, 0},
    };
    *options = (options_t){.speed = 1};
    int which;
    while ((which = getopt_long(count, arguments, "", known, NULL)) != -1) {
        switch (which) {
            case 'f': options->firmware = optarg; break;
            case 'e': options->eeprom = optarg; break;
            case 'w': options->watts = atof(optarg); break;
            case 's': options->speed = atof(optarg); break;
            case 'l': options->strict = true; break;
            case 'p': options->show_parity = true; break;
            case 'c': options->cover_open = true; break;
            default: return false;
        }
    }
    return options->firmware && options->eeprom && optind == count && options->speed > 0;
}

/* Gives commands to command_run() line by line. False: the parent has closed stdin. */
static bool read_commands(simulator_t *simulator) {
    static char text[COMMAND_MAX];
    static size_t length;
    char bytes[256];
    ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
    if (count < 0) return errno == EINTR || errno == EAGAIN;
    for (ssize_t i = 0; i < count; i++) {
        if (bytes[i] != '\n') {
            if (length < COMMAND_MAX - 1) text[length++] = bytes[i];
            continue;
        }
        text[length] = '\0';
        length = 0;
        command_run(simulator, text);
    }
    return count > 0;
}

/* Runs the chip for at most `budget_s` of wall time. Returns the cycles that were due and not run. */
static double run_cycles(simulator_t *simulator, store_t *store, double due, double budget_s) {
    machine_t *machine = &simulator->machine;
    double end_s = now_s() + budget_s;
    while (due > 0 && machine->avr != NULL && now_s() < end_s) {
        avr_cycle_count_t before = machine->avr->cycle;
        if (!machine_run(machine, STEP_CYCLES)) exit(fail("the firmware crashed", ""));
        if (!store_keep(store, machine->eeprom)) exit(fail("cannot write the EEPROM file", ""));
        due -= machine->avr ? (double)(machine->avr->cycle - before) : due;
    }
    return due;
}

static void note_power(simulator_t *simulator, store_t *store, bool was_on) {
    if (!was_on || simulator->machine.avr != NULL) return;
    line_disconnect(&simulator->line);
    if (!store_keep(store, simulator->machine.eeprom)) exit(fail("cannot write the EEPROM file", ""));
    printf("{\"event\":\"power\",\"on\":false}\n");
}

static void serve(simulator_t *simulator, store_t *store) {
    struct pollfd watched[] = {{STDIN_FILENO, POLLIN, 0}, {simulator->line.master, POLLIN, 0}};
    double last_s = now_s(), due = 0;
    while (!stop_asked) {
        bool was_on = simulator->machine.avr != NULL;
        if (cut_asked) machine_cut(&simulator->machine);
        cut_asked = 0;
        double at_s = now_s(), passed_s = at_s - last_s;
        last_s = at_s;
        due += (passed_s < LAG_MAX_S ? passed_s : LAG_MAX_S) * simulator->speed * CLOCK_HZ;
        due = run_cycles(simulator, store, due, LAG_MAX_S / 2);
        if (due > LAG_MAX_S * simulator->speed * CLOCK_HZ) due = 0;
        note_power(simulator, store, was_on);
        int ready = poll(watched, 2, simulator->machine.avr ? (due > 0 ? 0 : 1) : 50);
        if (ready <= 0) continue;
        was_on = simulator->machine.avr != NULL;
        if (watched[1].revents & POLLIN) line_receive(&simulator->line);
        if (watched[0].revents && !read_commands(simulator)) return;
        note_power(simulator, store, was_on);
    }
}

/* The end of a simulation is a power failure with its early warning: the meter keeps its count. */
static bool shut_down(simulator_t *simulator, store_t *store) {
    machine_fail_supply(&simulator->machine, 250);
    while (simulator->machine.avr != NULL)
        if (!machine_run(&simulator->machine, STEP_CYCLES)) return false;
    return store_keep(store, simulator->machine.eeprom);
}

int main(int count, char **arguments) {
    static simulator_t simulator;
    static store_t store;
    options_t options;
    if (!parse(count, arguments, &options)) {
        fail("usage", "simulator --firmware ELF --eeprom FILE [--watts N] [--speed N] "
                      "[--strict-line] [--show-parity] [--cover-open]");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    struct sigaction stop = {.sa_handler = on_stop}, cut = {.sa_handler = on_cut};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGUSR1, &cut, NULL);
    machine_t *machine = &simulator.machine;
    if (!machine_load(machine, options.firmware)) return fail("not a firmware image", options.firmware);
    if (!store_open(&store, options.eeprom))
        return fail("cannot use as an EEPROM file of 1024 bytes", options.eeprom);
    memcpy(machine->eeprom, store.kept, EEPROM_BYTES);
    machine->cover_open = options.cover_open;
    if (!line_open(&simulator.line, machine)) return fail("no pseudo-terminal", strerror(errno));
    simulator.line.strict = options.strict;
    simulator.line.show_parity = options.show_parity;
    simulator.load.machine = machine;
    simulator.speed = options.speed;
    if (!load_set(&simulator.load, options.watts))
        return fail("the load must be from 0 W to what 15 pulses a second can tell", "");
    simulator_power_on(&simulator);
    printf("{\"event\":\"ready\",\"serial\":\"%s\"}\n", simulator.line.path);
    serve(&simulator, &store);
    return shut_down(&simulator, &store) ? 0 : fail("could not shut down in order", "");
}
