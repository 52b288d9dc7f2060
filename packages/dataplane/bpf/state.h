/* What user space keeps in maps: packages/dataplane/src/ebpf/records.ts writes the same layouts.
 *
 * Entries that change hold two versions. Generation `since` and later ones see `now`, earlier ones
 * `before`; a packet reads the committed generation once and sees all maps as of that one. */
#pragma once
#include "kernel-types.h"
#include <bpf/bpf_helpers.h>

enum { LINK_NAME_BYTES = 16, OWNER_BYTES = 16, LINK_PREFIXES = 8, ENTRIES = 1 << 20 };

/* Keys of `control`. */
enum { CONTROL_COMMITTED = 0, CONTROL_RETIRED = 1, CONTROL_LAST_NUMBER = 2, CONTROL_KEYS = 3 };

/* A program of 0: not isolated. */
struct endpoint_state {
	__u32 egress;
	__u32 ingress;
	__u32 flags;
	__u32 zero;
	__u64 owner[2];
	__u64 link[2];
};

enum { ENDPOINT_PRESENT = 1, ENDPOINT_LINKED = 2, ENDPOINT_CLOSED = 4 };

struct endpoint_entry {
	__u64 since;
	struct endpoint_state now;
	struct endpoint_state before;
};

/* Class 0: no known pod (in `pods`). */
struct class_entry {
	__u64 since;
	__u32 now;
	__u32 before;
};

struct key4 {
	__u32 prefix_length;
	__u32 address;
};

struct key6 {
	__u32 prefix_length;
	__u32 address[4];
};

/* Big endian behind the length: program, class, protocol, port. */
struct policy_key {
	__u32 prefix_length;
	__u32 program;
	__u32 class;
	__u8 protocol;
	__u8 port[2];
	__u8 zero;
};

enum { POLICY_ALLOW = 1, POLICY_DENY = 2, POLICY_LOG = 4 };
enum { CLASS_ANY = 0, POLICY_KEY_BITS = 88 };

/* The entry with the lower `order` decides between those of the class and of any peer. */
struct policy_entry {
	__u32 action;
	__u32 order;
	__u32 rule;
	__u32 zero;
};

struct settings {
	__u32 link_prefixes;
	__u32 cut;
	/* Events of each kind that are told in a second; 0: none. */
	__u32 rate;
	/* Policies are not asked about packets to the node itself. */
	__u32 spares_own_node;
	struct {
		__u64 word[2];
		__u64 mask[2];
	} prefix[LINK_PREFIXES];
};

struct count {
	__u64 packets;
	__u64 bytes;
};

/* An answer of a connection that was ended; `family` 4 or 6. */
struct ended_key {
	__u32 source[4];
	__u32 destination[4];
	__be16 source_port;
	__be16 destination_port;
	__u8 protocol;
	__u8 family;
	__u16 zero;
};

enum {
	EVENT_DENIED_EGRESS = 0,
	EVENT_DENIED_INGRESS = 1,
	EVENT_CLOSED_SOURCE = 2,
	EVENT_CLOSED_TARGET = 3,
	EVENT_FORGED = 4,
	EVENT_LOGGED_EGRESS = 5,
	EVENT_LOGGED_INGRESS = 6,
	EVENT_KINDS = 7
};

struct event {
	__u32 kind;
	__u8 family;
	__u8 protocol;
	__u8 has_ports;
	/* Of logged packets: what that direction says. */
	__u8 is_denied;
	__be16 source_port;
	__be16 destination_port;
	__u32 source[4];
	__u32 destination[4];
	/* What the opener of the packet's connection sent, before any translation, where `tracked` says so. */
	__u32 opener[4];
	__u32 addressed[4];
	__be16 opener_port;
	__be16 addressed_port;
	__u32 tracked;
};

/* No connection of its protocol; one that is told; one whose layout the kernel does not tell. */
enum { TRACKED_NOT = 0, TRACKED_TOLD = 1, TRACKED_UNTOLD = 2 };

/* Events told in the second that began at `second`, and those that were not. */
struct event_rate {
	__u64 second;
	__u64 told;
	__u64 untold_rate;
	__u64 untold_queue;
};

#define TRIE(map_name, key_type, value_type)                                                                           \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_LPM_TRIE);                                                                   \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                                                  \
		__uint(max_entries, ENTRIES);                                                                          \
		__type(key, key_type);                                                                                 \
		__type(value, value_type);                                                                             \
	} map_name SEC(".maps")

TRIE(local4, struct key4, struct endpoint_entry);
TRIE(local6, struct key6, struct endpoint_entry);
TRIE(pods4, struct key4, struct class_entry);
TRIE(pods6, struct key6, struct class_entry);
TRIE(blocks4, struct key4, struct class_entry);
TRIE(blocks6, struct key6, struct class_entry);

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, ENTRIES);
	__uint(key_size, 15);
	__uint(value_size, sizeof(struct policy_entry));
} policies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CONTROL_KEYS);
	__type(key, __u32);
	__type(value, __u64);
} control SEC(".maps");

/* By the lowest bit of the generation. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct settings);
} options SEC(".maps");

/* By the number of a rule, or of a program: what it denied. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, struct count);
} counts SEC(".maps");

/* The value is the time until which answers are held back, in nanoseconds since the start of the machine. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct ended_key);
	__type(value, __u64);
} ended SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, EVENT_KINDS);
	__type(key, __u32);
	__type(value, struct event_rate);
} event_rates SEC(".maps");
