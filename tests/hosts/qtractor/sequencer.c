/* Preloaded into qtractor: a sequencer of ALSA's that is there and does nothing, for machines
 * without a kernel's one. What qtractor plays goes to its plugins by its own clock, JACK's; what it
 * sends to the sequencer is dropped, and nothing ever comes in. */
#include <poll.h>
#include <unistd.h>

static int seat; /* What a handle points to. */
static int quiet[2] = {-1, -1};

int snd_seq_open(void **handle, const char *name, int streams, int mode)
{
    (void)name, (void)streams, (void)mode;
    if (quiet[0] < 0 && pipe(quiet) != 0)
        return -1;
    *handle = &seat;
    return 0;
}

int snd_seq_poll_descriptors(void *seq, struct pollfd *fds, unsigned space, short events)
{
    (void)seq;
    if (space < 1)
        return 0;
    fds[0].fd = quiet[0];
    fds[0].events = events;
    fds[0].revents = 0;
    return 1;
}

int snd_seq_poll_descriptors_count(void *seq, short events)
{
    (void)seq, (void)events;
    return 1;
}

#define ANSWERS(name, value) \
    int name(void *seq) \
    { \
        (void)seq; \
        return value; \
    }

ANSWERS(snd_seq_client_id, 128)
ANSWERS(snd_seq_close, 0)
ANSWERS(snd_seq_set_client_name, 0)
ANSWERS(snd_seq_alloc_queue, 0)
ANSWERS(snd_seq_free_queue, 0)
ANSWERS(snd_seq_control_queue, 0)
ANSWERS(snd_seq_get_queue_status, 0)
ANSWERS(snd_seq_get_queue_tempo, 0)
ANSWERS(snd_seq_set_queue_tempo, 0)
ANSWERS(snd_seq_set_queue_timer, 0)
ANSWERS(snd_seq_create_simple_port, 0)
ANSWERS(snd_seq_delete_simple_port, 0)
ANSWERS(snd_seq_get_port_info, 0)
ANSWERS(snd_seq_set_port_info, 0)
ANSWERS(snd_seq_subscribe_port, 0)
ANSWERS(snd_seq_unsubscribe_port, 0)
ANSWERS(snd_seq_drain_output, 0)
ANSWERS(snd_seq_drop_input, 0)
ANSWERS(snd_seq_drop_output, 0)
ANSWERS(snd_seq_remove_events, 0)
ANSWERS(snd_seq_event_output, 1)
ANSWERS(snd_seq_event_output_direct, 1)
ANSWERS(snd_seq_event_input_pending, 0)
ANSWERS(snd_seq_free_event, 0)
/* There is nobody else and nothing to be read: as ALSA says it. */
ANSWERS(snd_seq_event_input, -11)
ANSWERS(snd_seq_get_any_client_info, -2)
ANSWERS(snd_seq_get_any_port_info, -2)
ANSWERS(snd_seq_query_next_client, -2)
ANSWERS(snd_seq_query_next_port, -2)
ANSWERS(snd_seq_query_port_subscribers, -2)
ANSWERS(snd_timer_query_open, -2)
