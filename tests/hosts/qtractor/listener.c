/* CLAP plugins that write down the notes that reach them while the song plays, each with its place:
 *
 *     BEAT on|off clap|midi CHANNEL KEY VELOCITY
 *     BEAT here BEGIN NUMBER METER
 *
 * (the second once in two beats: what the host says of the bar) with channels from 0 and velocities
 * as MIDI has them, into the file that THIRD_STREAM_HEARD names; the one in front of the plugin
 * under test into that with ".front" behind it. They stand around it in hosts that have no other
 * way to show what reaches it and what leaves it. The structures are those of CLAP 1.2, as far as
 * they are used. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct version { uint32_t major, minor, revision; };
struct host;

struct descriptor {
    struct version version;
    const char *id, *name, *vendor, *url, *manual, *support, *release, *description;
    const char *const *features;
};

struct header { uint32_t size, time; uint16_t space, type; uint32_t flags; };
struct note { struct header header; int32_t id; int16_t port, channel, key; double velocity; };
struct midi { struct header header; uint16_t port; uint8_t data[3]; };
enum { NOTE_ON = 0, NOTE_OFF = 1, MIDI = 10 };

struct transport {
    struct header header;
    uint32_t flags;
    int64_t beats, seconds;
    double tempo, tempo_change;
    int64_t loop_start, loop_end, loop_start_seconds, loop_end_seconds, bar_start;
    int32_t bar;
    uint16_t beats_in_bar, beat;
};
enum { PLAYING = 1 << 4 };

struct events {
    void *context;
    uint32_t (*size)(const struct events *);
    const struct header *(*get)(const struct events *, uint32_t);
};

struct block {
    int64_t steady;
    uint32_t frames;
    const struct transport *transport;
    const void *inputs;
    void *outputs;
    uint32_t input_count, output_count;
    const struct events *in;
    const void *out;
};

struct plugin {
    const struct descriptor *descriptor;
    void *data;
    bool (*init)(const struct plugin *);
    void (*destroy)(const struct plugin *);
    bool (*activate)(const struct plugin *, double rate, uint32_t least, uint32_t most);
    void (*deactivate)(const struct plugin *);
    bool (*start)(const struct plugin *);
    void (*stop)(const struct plugin *);
    void (*reset)(const struct plugin *);
    int32_t (*process)(const struct plugin *, const struct block *);
    const void *(*extension)(const struct plugin *, const char *);
    void (*on_main_thread)(const struct plugin *);
};

struct port { uint32_t id, dialects, preferred; char name[256]; };
struct ports {
    uint32_t (*count)(const struct plugin *, bool input);
    bool (*get)(const struct plugin *, uint32_t index, bool input, struct port *);
};

struct listener { struct plugin plugin; double rate; FILE *heard; int64_t bar; };

static bool yes(const struct plugin *plugin) { (void)plugin; return true; }
static void nothing(const struct plugin *plugin) { (void)plugin; }

static void destroy(const struct plugin *plugin)
{
    struct listener *own = plugin->data;
    if (own->heard)
        fclose(own->heard);
    free(own);
}

static bool activate(const struct plugin *plugin, double rate, uint32_t least, uint32_t most)
{
    struct listener *own = plugin->data;
    (void)least, (void)most;
    own->rate = rate;
    return true;
}

static void hear(FILE *to, double beat, const struct header *event)
{
    if (event->space != 0)
        return;
    if (event->type == NOTE_ON || event->type == NOTE_OFF) {
        const struct note *note = (const struct note *)event;
        fprintf(to, "%.6f %s clap %d %d %.3f\n", beat, event->type == NOTE_ON ? "on" : "off",
                note->channel, note->key, note->velocity * 127);
    } else if (event->type == MIDI) {
        const struct midi *midi = (const struct midi *)event;
        uint8_t status = midi->data[0] & 0xF0;
        if (status == 0x90 || status == 0x80)
            fprintf(to, "%.6f %s midi %d %d %d\n", beat,
                    status == 0x90 && midi->data[2] ? "on" : "off", midi->data[0] & 0x0F,
                    midi->data[1], midi->data[2]);
    }
}

static int32_t process(const struct plugin *plugin, const struct block *block)
{
    struct listener *own = plugin->data;
    const struct transport *now = block->transport;
    if (own->heard && now && (now->flags & PLAYING)) {
        double begin = (double)now->beats / (double)(1LL << 31);
        double each = now->tempo / 60 / own->rate;
        uint32_t count = block->in->size(block->in);
        for (uint32_t index = 0; index < count; index++) {
            const struct header *event = block->in->get(block->in, index);
            hear(own->heard, begin + event->time * each, event);
        }
        int64_t bar = (int64_t)(begin / 2);
        if (bar != own->bar) {
            own->bar = bar;
            fprintf(own->heard, "%.6f here %.6f %d %d/%d\n", begin,
                    (double)now->bar_start / (double)(1LL << 31), now->bar, now->beats_in_bar,
                    now->beat);
            fflush(own->heard);
        }
    }
    return 1;
}

/* Nothing leaves it: hosts let what entered go on to the next. */
static uint32_t port_count(const struct plugin *plugin, bool input)
{
    (void)plugin;
    return input;
}

static bool port_get(const struct plugin *plugin, uint32_t index, bool input, struct port *port)
{
    (void)plugin;
    if (index > 0 || !input)
        return false;
    memset(port, 0, sizeof *port);
    port->dialects = 1 | 2; /* CLAP's and MIDI */
    port->preferred = 1;
    strcpy(port->name, "Notes");
    return true;
}

static const struct ports PORTS = {port_count, port_get};

static const void *extension(const struct plugin *plugin, const char *id)
{
    (void)plugin;
    return strcmp(id, "clap.note-ports") == 0 ? &PORTS : NULL;
}

static const char *const FEATURES[] = {"note-effect", NULL};
static const struct descriptor DESCRIPTORS[] = {
    {{1, 2, 0}, "org.third-stream.listener", "Listener behind", "Third Stream", "", "", "", "1",
     "", FEATURES},
    {{1, 2, 0}, "org.third-stream.listener.front", "Listener in front", "Third Stream", "", "", "",
     "1", "", FEATURES},
};

static uint32_t plugin_count(const void *factory) { (void)factory; return 2; }

static const struct descriptor *plugin_descriptor(const void *factory, uint32_t index)
{
    (void)factory;
    return index < 2 ? &DESCRIPTORS[index] : NULL;
}

static const struct plugin *create(const void *factory, const struct host *host, const char *id)
{
    (void)factory, (void)host;
    uint32_t index = strcmp(id, DESCRIPTORS[1].id) == 0;
    struct listener *own = strcmp(id, DESCRIPTORS[index].id) == 0 ? calloc(1, sizeof *own) : NULL;
    if (!own)
        return NULL;
    const char *heard = getenv("THIRD_STREAM_HEARD");
    char path[4096];
    int length = heard ? snprintf(path, sizeof path, "%s%s", heard, index ? ".front" : "") : 0;
    own->heard = length > 0 && length < (int)sizeof path ? fopen(path, "a") : NULL;
    own->plugin = (struct plugin){
        &DESCRIPTORS[index], own, yes, destroy, activate, nothing, yes, nothing, nothing, process,
        extension, nothing,
    };
    return &own->plugin;
}

static const struct {
    uint32_t (*count)(const void *);
    const struct descriptor *(*descriptor)(const void *, uint32_t);
    const struct plugin *(*create)(const void *, const struct host *, const char *);
} FACTORY = {plugin_count, plugin_descriptor, create};

static bool enter(const char *path) { (void)path; return true; }
static void leave(void) {}

static const void *factory(const char *id)
{
    return strcmp(id, "clap.plugin-factory") == 0 ? &FACTORY : NULL;
}

__attribute__((visibility("default"))) extern const struct {
    struct version version;
    bool (*init)(const char *);
    void (*deinit)(void);
    const void *(*factory)(const char *);
} clap_entry;

__typeof__(clap_entry) clap_entry = {{1, 2, 0}, enter, leave, factory};
