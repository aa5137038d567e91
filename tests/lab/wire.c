/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * neo-wire: a wire between two network namespaces, with delay, jitter, loss and rate.
 *
 * Each end is a TAP interface. One thread per direction reads frames from one TAP into a ring, and writes
 * them to the other when they are due. The TAPs exchange a virtio_net_hdr with each frame, so a segmented
 * send of 64 KiB passes in one piece; with loss the reading TAP takes no such frames, so that the kernel
 * segments first and the loss hits single packets.
 *
 * A ring holds frames back to back, in order of arrival, which is also the order in which they are due:
 *
 *     0        head                tail      wrap    size
 *     |--------|frame|frame|frame|-|---------|-------|        (tail < head after a wrap)
 *
 * The main thread answers on a unix socket: one line of "name=value" words in, the settings and counters out.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define NSEC 1000000000ULL
#define RING_SIZE (32u << 20)
#define FRAME_MAX (sizeof(struct virtio_net_hdr) + 65536 + 32)
#define BATCH 64
/* A frame that is due this soon is sent now: less than the cost of another sleep. */
#define EARLY_NS 20000
/* How long one value of the jitter holds. A value for each frame would, as nothing is reordered, make a stream of
 * frames wait for the worst of them: a constant delay. */
#define JITTER_HOLD_NS 10000000
#define LINE_MAX_BYTES 512

/* Both directions share the settings; each is read once per frame. */
typedef struct {
	_Atomic uint64_t delay_ns, jitter_ns, queue_ns;
	_Atomic uint64_t loss_ppb;
	_Atomic uint64_t rate_bps; /* 0 is without limit */
	_Atomic uint64_t cut;
} Settings;

typedef struct {
	uint64_t due_ns;
	uint32_t length;
	uint32_t stride; /* bytes from this frame to the next; 0 means that the next is at the start of the ring */
	unsigned char data[];
} Frame;

typedef struct {
	const char *name;
	const Settings *settings;
	int in, out;
	unsigned char *ring;
	size_t head, tail, frames;
	uint64_t rate_free_ns; /* when the limited line has sent all that it was given */
	uint64_t last_due_ns;
	uint64_t jitter_part, jitter_until_ns; /* part of 2 * jitter, in 1/2^32 */
	uint64_t random;
	bool split; /* the reading TAP has segmentation switched off */
	_Atomic uint64_t passed, bytes, lost, full;
} Direction;

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *format, ...) {
	va_list args;

	va_start(args, format);
	fputs("neo-wire: ", stderr);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static uint64_t now_ns(void) {
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NSEC + (uint64_t)t.tv_nsec;
}

/* xorshift64* */
static uint64_t random_next(Direction *d) {
	d->random ^= d->random >> 12;
	d->random ^= d->random << 25;
	d->random ^= d->random >> 27;
	return d->random * 0x2545F4914F6CDD1DULL;
}

static uint64_t random_below(Direction *d, uint64_t limit) {
	return (random_next(d) >> 11) % limit;
}

/* From 0 to twice the jitter. */
static uint64_t jitter_now(Direction *d, uint64_t now) {
	if (now >= d->jitter_until_ns) {
		d->jitter_part = random_below(d, 1ULL << 32);
		d->jitter_until_ns = now + JITTER_HOLD_NS;
	}
	return (uint64_t)((double)d->jitter_part * 2 * (double)d->settings->jitter_ns / 4294967296.0);
}

/* The ring. Stride keeps the next header aligned. */

static size_t frame_stride(size_t length) {
	return (sizeof(Frame) + length + 7) & ~(size_t)7;
}

/* Returns room for the largest frame, or NULL when the ring is full. */
static Frame *ring_room(Direction *d) {
	size_t need = frame_stride(FRAME_MAX);

	if (d->frames == 0)
		d->head = d->tail = 0;
	if (d->frames > 0 && d->tail <= d->head)
		return d->head - d->tail > need ? (Frame *)(d->ring + d->tail) : NULL;
	return (Frame *)(d->ring + d->tail);
}

static void ring_push(Direction *d, Frame *frame) {
	size_t stride = frame_stride(frame->length), end = d->tail + stride;

	/* The largest frame has to fit after the tail, or else the next one goes to the start. */
	bool wraps = d->tail >= d->head && end + frame_stride(FRAME_MAX) > RING_SIZE;

	frame->stride = wraps ? 0 : (uint32_t)stride;
	d->tail = wraps ? 0 : end;
	d->frames++;
}

static Frame *ring_first(Direction *d) {
	return d->frames ? (Frame *)(d->ring + d->head) : NULL;
}

static void ring_pop(Direction *d) {
	const Frame *frame = (const Frame *)(d->ring + d->head);

	d->head = frame->stride ? d->head + frame->stride : 0;
	d->frames--;
}

/* What a frame weighs on the line: a segmented one counts the headers of each of its packets. */
static uint64_t wire_bits(const Frame *frame) {
	struct virtio_net_hdr header;
	uint64_t bytes = frame->length - sizeof(header);

	memcpy(&header, frame->data, sizeof(header));
	if (header.gso_type != VIRTIO_NET_HDR_GSO_NONE && header.gso_size && bytes > header.hdr_len)
		bytes += (bytes - header.hdr_len - 1) / header.gso_size * header.hdr_len;
	return bytes * 8;
}

/* Sets when the frame is due. False: the queue of the limited line is full. */
static bool schedule(Direction *d, Frame *frame, uint64_t now) {
	const Settings *s = d->settings;
	uint64_t rate = s->rate_bps, jitter = s->jitter_ns, sent = now, due;

	if (rate) {
		uint64_t start = d->rate_free_ns > now ? d->rate_free_ns : now;

		if (start - now > s->queue_ns)
			return false;
		sent = start + wire_bits(frame) * NSEC / rate;
		d->rate_free_ns = sent;
	}
	due = sent + s->delay_ns + jitter_now(d, now);
	due = due > sent + jitter ? due - jitter : sent;
	/* Jitter never reorders. */
	if (due < d->last_due_ns)
		due = d->last_due_ns;
	d->last_due_ns = frame->due_ns = due;
	return true;
}

static void accept_frame(Direction *d, Frame *frame, uint64_t now) {
	const Settings *s = d->settings;

	if (s->cut || (s->loss_ppb && random_below(d, NSEC) < s->loss_ppb))
		d->lost++;
	else if (!schedule(d, frame, now))
		d->full++;
	else
		ring_push(d, frame);
}

/* Reads what has arrived; a full ring drops it. */
static void take_in(Direction *d) {
	static _Thread_local unsigned char discard[FRAME_MAX];

	for (int i = 0; i < BATCH; i++) {
		Frame *frame = ring_room(d);
		ssize_t n = read(d->in, frame ? frame->data : discard, FRAME_MAX);

		if (n < 0 && errno == EBADFD)
			die("%s: the interface is gone", d->name);
		if (n <= (ssize_t)sizeof(struct virtio_net_hdr))
			return;
		if (!frame) {
			d->full++;
			continue;
		}
		frame->length = (uint32_t)n;
		accept_frame(d, frame, now_ns());
	}
}

/* Writes what is due. An interface that is down, or a queue that is full, loses the frame like a wire would. */
static void let_out(Direction *d) {
	uint64_t now = now_ns();
	Frame *frame;

	for (int i = 0; i < BATCH && (frame = ring_first(d)) && frame->due_ns <= now + EARLY_NS; i++) {
		if (!d->settings->cut && write(d->out, frame->data, frame->length) == (ssize_t)frame->length) {
			d->passed++;
			d->bytes += frame->length - sizeof(struct virtio_net_hdr);
		} else
			d->lost++;
		ring_pop(d);
	}
}

static void set_split(Direction *d, bool split) {
	unsigned flags = split ? TUN_F_CSUM : TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;

	if (ioctl(d->in, TUNSETOFFLOAD, flags) < 0)
		die("%s: cannot set offloads: %s", d->name, strerror(errno));
	d->split = split;
}

static void sleep_until_due(Direction *d) {
	struct pollfd in = {.fd = d->in, .events = POLLIN};
	const Frame *frame = ring_first(d);
	struct timespec wait = {0};

	if (frame) {
		uint64_t now = now_ns(), due = frame->due_ns > EARLY_NS ? frame->due_ns - EARLY_NS : 0;
		uint64_t left = due > now ? due - now : 0;

		wait.tv_sec = (time_t)(left / NSEC);
		wait.tv_nsec = (long)(left % NSEC);
	}
	ppoll(&in, 1, frame ? &wait : NULL, NULL);
}

/* A wire does not wait for its turn on a busy machine. Without the right to this it is only less exact. */
static void be_punctual(void) {
	struct sched_param priority = {.sched_priority = 1};

	prctl(PR_SET_TIMERSLACK, 1UL);
	pthread_setschedparam(pthread_self(), SCHED_RR, &priority);
}

static void *direction_run(void *data) {
	Direction *d = data;

	be_punctual();
	for (;;) {
		sleep_until_due(d);
		if (d->split != (d->settings->loss_ppb > 0))
			set_split(d, !d->split);
		take_in(d);
		let_out(d);
	}
	return NULL;
}

static void direction_start(Direction *d) {
	pthread_t thread;
	int error;

	d->random = now_ns() | 1;
	d->ring = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (d->ring == MAP_FAILED)
		die("no memory for a ring of %u bytes", RING_SIZE);
	set_split(d, false);
	error = pthread_create(&thread, NULL, direction_run, d);
	if (error)
		die("cannot start a thread: %s", strerror(error));
}

/* The settings as text. */

static const struct {
	const char *unit;
	double factor;
} units[] = {
	{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9},
	{"%", 1e7},
	{"kbit", 1e3}, {"mbit", 1e6}, {"gbit", 1e9},
	{"", 1},
};

enum { UNITS_TIME = 0, UNITS_SHARE = 4, UNITS_RATE = 5, UNITS_NONE = 8, UNITS_END = 9 };

static const struct {
	const char *name;
	size_t offset;
	int first_unit, end_unit;
	double max;
	const char *expected;
} keys[] = {
	{"delay", offsetof(Settings, delay_ns), UNITS_TIME, UNITS_SHARE, 10e9, "a time up to 10s, such as 15ms"},
	{"jitter", offsetof(Settings, jitter_ns), UNITS_TIME, UNITS_SHARE, 10e9, "a time up to 10s, such as 2ms"},
	{"queue", offsetof(Settings, queue_ns), UNITS_TIME, UNITS_SHARE, 10e9, "a time up to 10s, such as 100ms"},
	{"loss", offsetof(Settings, loss_ppb), UNITS_SHARE, UNITS_RATE, 1e9, "a share up to 100%, such as 0.5%"},
	{"rate", offsetof(Settings, rate_bps), UNITS_RATE, UNITS_NONE, 100e9, "a rate up to 100gbit, such as 50mbit, or 0"},
	{"cut", offsetof(Settings, cut), UNITS_NONE, UNITS_END, 1, "0 or 1"},
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

static _Atomic uint64_t *setting(Settings *s, size_t key) {
	return (_Atomic uint64_t *)((char *)s + keys[key].offset);
}

static bool parse_value(const char *text, size_t key, uint64_t *ret) {
	char *unit;
	double value = strtod(text, &unit);

	if (unit == text || !(value >= 0))
		return false;
	if (value == 0 && !*unit) {
		*ret = 0;
		return true;
	}
	for (int i = keys[key].first_unit; i < keys[key].end_unit; i++)
		if (strcmp(unit, units[i].unit) == 0) {
			if (value * units[i].factor > keys[key].max)
				return false;
			*ret = (uint64_t)(value * units[i].factor + 0.5);
			return true;
		}
	return false;
}

/* Applies all words of the line or, after writing what is wrong to the reply, none. */
static bool settings_apply(Settings *s, char *line, FILE *reply) {
	uint64_t values[N_KEYS];
	bool given[N_KEYS] = {false};
	bool good = true;
	char *rest = NULL;

	for (char *word = strtok_r(line, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest)) {
		char *value = strchr(word, '=');
		size_t key = 0;

		if (value)
			*value++ = 0;
		while (key < N_KEYS && strcmp(word, keys[key].name) != 0)
			key++;
		if (key == N_KEYS || !value) {
			fprintf(reply, "error: \"%s\" is not a setting; settings are delay= jitter= loss= rate= queue= cut=\n", word);
			good = false;
		} else if (!parse_value(value, key, &values[key])) {
			fprintf(reply, "error: %s: \"%s\" is not %s\n", word, value, keys[key].expected);
			good = false;
		} else
			given[key] = true;
	}
	for (size_t key = 0; good && key < N_KEYS; key++)
		if (given[key])
			*setting(s, key) = values[key];
	return good;
}

static void report(const Settings *s, const Direction *d, FILE *reply) {
	fprintf(reply, "delay=%gms jitter=%gms loss=%g%% rate=%gmbit queue=%gms cut=%d\n", (double)s->delay_ns / 1e6,
		(double)s->jitter_ns / 1e6, (double)s->loss_ppb / 1e7, (double)s->rate_bps / 1e6,
		(double)s->queue_ns / 1e6, (int)s->cut);
	for (int i = 0; i < 2; i++)
		fprintf(reply, "%s frames=%" PRIu64 " bytes=%" PRIu64 " lost=%" PRIu64 " full=%" PRIu64 "\n", d[i].name,
			d[i].passed, d[i].bytes, d[i].lost, d[i].full);
}

/* Creates or opens the TAP in the namespace at path, and leaves the caller in that namespace. */
static int tap_open(const char *path, const char *name) {
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int ns = open(path, O_RDONLY | O_CLOEXEC), tap;

	if (ns < 0 || setns(ns, CLONE_NEWNET) < 0)
		die("network namespace %s: %s", path, strerror(errno));
	close(ns);
	if (strlen(name) >= sizeof(request.ifr_name))
		die("\"%s\" is too long for the name of an interface", name);
	strcpy(request.ifr_name, name);
	tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tap < 0 || ioctl(tap, TUNSETIFF, &request) < 0)
		die("TAP %s: %s", name, strerror(errno));
	return tap;
}

static int control_socket(const char *path, struct sockaddr_un *address) {
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket: %s", strerror(errno));
	if (strlen(path) >= sizeof(address->sun_path))
		die("\"%s\" is too long for the path of a socket", path);
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	strcpy(address->sun_path, path);
	return fd;
}

static void serve(int client, Settings *settings, const Direction *directions) {
	char line[LINE_MAX_BYTES];
	ssize_t n = recv(client, line, sizeof(line) - 1, 0);
	FILE *reply = fdopen(client, "w");

	if (!reply) {
		close(client);
		return;
	}
	if (n > 0) {
		line[n] = 0;
		if (settings_apply(settings, line, reply))
			report(settings, directions, reply);
	}
	fclose(reply);
}

/* The settings are applied before the first frame; the socket appears when the wire is ready. */
static int wire_main(int argc, char **argv) {
	static Settings settings = {.queue_ns = 100000000};
	static Direction directions[2] = {{.name = "out"}, {.name = "in"}};
	struct sockaddr_un address;
	int control = control_socket(argv[1], &address), a, b;

	for (int i = 6; i < argc; i++)
		if (!settings_apply(&settings, argv[i], stderr))
			return 2;
	a = tap_open(argv[2], argv[3]);
	b = tap_open(argv[4], argv[5]);
	directions[0].in = directions[1].out = a;
	directions[0].out = directions[1].in = b;
	for (int i = 0; i < 2; i++) {
		directions[i].settings = &settings;
		direction_start(&directions[i]);
	}
	if (bind(control, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(control, 8) < 0)
		die("%s: %s", argv[1], strerror(errno));
	for (;;) {
		int client = accept4(control, NULL, NULL, SOCK_CLOEXEC);

		if (client >= 0)
			serve(client, &settings, directions);
		else if (errno != EINTR && errno != ECONNABORTED)
			die("accept: %s", strerror(errno));
	}
}

/* Sends the words to a running wire and prints its answer. */
static int set_main(int argc, char **argv) {
	struct sockaddr_un address;
	char text[LINE_MAX_BYTES] = " ";
	bool failed = false;
	int fd = control_socket(argv[1], &address);

	for (int i = 2; i < argc; i++) {
		size_t used = strlen(text);

		if ((size_t)snprintf(text + used, sizeof(text) - used, "%s ", argv[i]) >= sizeof(text) - used)
			die("too many settings");
	}
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die("%s: %s", argv[1], strerror(errno));
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		die("%s: %s", argv[1], strerror(errno));
	for (ssize_t n; (n = read(fd, text, sizeof(text))) > 0;) {
		failed |= strncmp(text, "error", 5) == 0;
		fwrite(text, 1, (size_t)n, failed ? stderr : stdout);
	}
	return failed ? 2 : 0;
}

static const struct {
	const char *name, *arguments, *help;
	int min, max;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"run", "SOCKET NETNS-A TAP-A NETNS-B TAP-B [SETTING=VALUE...]", "is the wire from A (\"out\") to B and back (\"in\")",
	 6, 6 + (int)N_KEYS, wire_main},
	{"set", "SOCKET [SETTING=VALUE...]", "changes a running wire; prints settings and counters", 2, 2 + (int)N_KEYS, set_main},
};

int main(int argc, char **argv) {
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (argc > 1 && strcmp(argv[1], commands[i].name) == 0 && argc - 1 >= commands[i].min && argc - 1 <= commands[i].max)
			return commands[i].run(argc - 1, argv + 1);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(stderr, "neo-wire %s %s\n    %s\n", commands[i].name, commands[i].arguments, commands[i].help);
	return 2;
}
