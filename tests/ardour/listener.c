/* An LV2 plugin that passes its notes on and writes them down, each with the seconds of song and
 * silence that it has processed so far:
 *
 *     SECONDS on|off midi CHANNEL KEY VELOCITY
 *
 * into the file that THIRD_STREAM_HEARD names. It stands behind the plugin under test where a host
 * exports and records nothing. The structures are those of LV2's core, urid and atom, as far as they
 * are used. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct feature { const char *uri; void *data; };
struct map { void *handle; uint32_t (*map)(void *, const char *); };

struct descriptor {
    const char *uri;
    void *(*instantiate)(const struct descriptor *, double, const char *, const struct feature *const *);
    void (*connect)(void *, uint32_t, void *);
    void (*activate)(void *);
    void (*run)(void *, uint32_t);
    void (*deactivate)(void *);
    void (*cleanup)(void *);
    const void *(*extension)(const char *);
};

struct atom { uint32_t size, type; };
struct sequence { struct atom atom; uint32_t unit, pad; };
struct event { int64_t frames; struct atom body; };

struct listener {
    const struct sequence *in;
    struct sequence *out;
    FILE *heard;
    double rate;
    int64_t now;
    uint32_t midi;
};

static void *instantiate(const struct descriptor *descriptor, double rate, const char *path,
                         const struct feature *const *features)
{
    (void)descriptor, (void)path;
    struct listener *own = calloc(1, sizeof *own);
    const char *heard = getenv("THIRD_STREAM_HEARD");
    for (; own && *features; features++) {
        if (strcmp((*features)->uri, "http://lv2plug.in/ns/ext/urid#map") == 0) {
            const struct map *map = (*features)->data;
            own->midi = map->map(map->handle, "http://lv2plug.in/ns/ext/midi#MidiEvent");
        }
    }
    if (own) {
        own->rate = rate;
        own->heard = heard ? fopen(heard, "w") : NULL;
    }
    return own;
}

static void connect_port(void *instance, uint32_t port, void *data)
{
    struct listener *own = instance;
    if (port == 0)
        own->in = data;
    else
        own->out = data;
}

static void hear(struct listener *own, const struct event *event)
{
    const uint8_t *data = (const uint8_t *)(event + 1);
    uint8_t kind = data[0] & 0xF0;
    if (event->body.size == 3 && (kind == 0x80 || kind == 0x90))
        fprintf(own->heard, "%.6f %s midi %d %d %d\n", (own->now + event->frames) / own->rate,
                kind == 0x90 && data[2] ? "on" : "off", data[0] & 0x0F, data[1], data[2]);
}

static void run(void *instance, uint32_t frames)
{
    struct listener *own = instance;
    const uint8_t *begin = (const uint8_t *)(own->in + 1);
    const uint8_t *end = (const uint8_t *)&own->in->unit + own->in->atom.size;
    while (own->heard && begin + sizeof(struct event) <= end) {
        const struct event *event = (const struct event *)begin;
        if (event->body.type == own->midi)
            hear(own, event);
        begin += sizeof *event + ((event->body.size + 7) & ~7U);
    }
    if (own->in->atom.size <= own->out->atom.size)
        memcpy(own->out, own->in, sizeof(struct atom) + own->in->atom.size);
    own->now += frames;
}

static void cleanup(void *instance)
{
    struct listener *own = instance;
    if (own->heard)
        fclose(own->heard);
    free(own);
}

static const struct descriptor DESCRIPTOR = {
    "urn:third-stream:listener", instantiate, connect_port, NULL, run, NULL, cleanup, NULL,
};

__attribute__((visibility("default"))) const struct descriptor *lv2_descriptor(uint32_t index)
{
    return index == 0 ? &DESCRIPTOR : NULL;
}
