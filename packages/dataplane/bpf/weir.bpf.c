/* The eBPF back end's programs: every packet that is forwarded, or for the node itself, is judged once
 * and whole, by one generation of the state.
 *
 * Order: neighbour discovery, then closed and forged ends, then established connections (so that a pod
 * whose address was taken away cannot go on with old ones), ended ones, self traffic, policies. */
#include "connection.h"
#include "packet.h"
#include "state.h"

/* The kernel lets only programs that may be had under the GPL call its functions: these files may, or under the MIT licence. */
char LICENSE[] SEC("license") = "Dual MIT/GPL";

enum { DROP = 0, ACCEPT = 1 };
enum { HOOK_FORWARD = 0, HOOK_INPUT = 1, HOOK_OUTPUT = 2 };
/* A packet that so many changes overtake is dropped. */
enum { TRIES_MAX = 4 };
/* How long answers are held back once more: as long as the kernel keeps an idle stream of UDP packets, and some more. */
#define HELD_BACK_NS 200000000000ULL

struct link_name {
	__u64 word[2];
};

struct question {
	struct packet packet;
	struct link_name in;
	struct link_name out;
	__u64 generation;
	/* Where the kernel has the packet's connection; 0: it has none. */
	__u64 connection;
	__u32 hook;
	bool is_established;
	/* Begins a connection, or belongs to none that is tracked. */
	bool is_unknown;
};

enum { LOGGED_EGRESS = 1, LOGGED_INGRESS = 2 };

/* What one program says. */
struct decision {
	/* The rule that it was; 0: none. */
	__u32 rule;
	__u32 is_logged;
};

struct answer {
	__u32 verdict;
	/* Rules that let it through or dropped it; 0: none. */
	__u32 egress_rule;
	__u32 ingress_rule;
	/* The program that denied it. */
	__u32 denied_by;
	/* What to tell of a packet that is dropped; EVENT_KINDS: nothing. */
	__u32 event;
	/* Directions of which some rule logs the packet. */
	__u32 logged;
	bool is_ended;
};

static __always_inline const struct endpoint_state *endpoint_of(const struct question *question, const __u32 *address)
{
	const struct endpoint_entry *entry;
	const struct endpoint_state *state;

	if (question->packet.family == 4) {
		struct key4 key = { .prefix_length = 32, .address = address[0] };
		entry = bpf_map_lookup_elem(&local4, &key);
	} else {
		struct key6 key = { .prefix_length = 128 };
		__builtin_memcpy(key.address, address, 16);
		entry = bpf_map_lookup_elem(&local6, &key);
	}
	if (!entry) return 0;
	state = question->generation >= entry->since ? &entry->now : &entry->before;
	return state->flags & ENDPOINT_PRESENT ? state : 0;
}

static __always_inline __u32 class_at(const struct class_entry *entry, __u64 generation)
{
	if (!entry) return 0;
	return generation >= entry->since ? entry->now : entry->before;
}

static __always_inline __u32 class_of(const struct question *question, const __u32 *address)
{
	__u32 class;

	if (question->packet.family == 4) {
		struct key4 key = { .prefix_length = 32, .address = address[0] };
		class = class_at(bpf_map_lookup_elem(&pods4, &key), question->generation);
		return class ? class : class_at(bpf_map_lookup_elem(&blocks4, &key), question->generation);
	}
	struct key6 key = { .prefix_length = 128 };
	__builtin_memcpy(key.address, address, 16);
	class = class_at(bpf_map_lookup_elem(&pods6, &key), question->generation);
	return class ? class : class_at(bpf_map_lookup_elem(&blocks6, &key), question->generation);
}

static __always_inline bool leads_to_pods(const struct settings *settings, const struct link_name *link)
{
	for (int i = 0; i < LINK_PREFIXES; i++) {
		if (i >= settings->link_prefixes) return false;
		if ((link->word[0] & settings->prefix[i].mask[0]) == settings->prefix[i].word[0] &&
		    (link->word[1] & settings->prefix[i].mask[1]) == settings->prefix[i].word[1])
			return true;
	}
	return false;
}

static __always_inline const struct policy_entry *policy_for(__u32 program, __u32 class, const struct packet *packet)
{
	struct policy_key key = { .prefix_length = POLICY_KEY_BITS, .program = bpf_htonl(program), .class = bpf_htonl(class), .protocol = packet->protocol };

	__builtin_memcpy(key.port, &packet->destination_port, 2);
	return bpf_map_lookup_elem(&policies, &key);
}

/* Whether a program lets the packet through. */
__noinline bool is_allowed(struct question *question, __u32 program, bool is_egress, struct decision *decision)
{
	const struct policy_entry *any, *own, *entry;

	if (!question || !decision) return false;
	*decision = (struct decision){};
	if (!question->packet.is_readable) return false;
	any = policy_for(program, CLASS_ANY, &question->packet);
	own = policy_for(program, class_of(question, is_egress ? question->packet.destination : question->packet.source), &question->packet);
	entry = !own ? any : !any ? own : own->order < any->order ? own : any;
	if (!entry) return false;
	decision->rule = entry->rule;
	decision->is_logged = entry->action & POLICY_LOG;
	return entry->action & POLICY_ALLOW;
}

static __always_inline bool is_ended(const struct question *question)
{
	struct ended_key key = {
		.source_port = question->packet.source_port,
		.destination_port = question->packet.destination_port,
		.protocol = question->packet.protocol,
		.family = question->packet.family,
	};
	__u64 *until, now;

	__builtin_memcpy(key.source, question->packet.source, 16);
	__builtin_memcpy(key.destination, question->packet.destination, 16);
	until = bpf_map_lookup_elem(&ended, &key);
	if (!until) return false;
	now = bpf_ktime_get_ns();
	if (*until < now) return false;
	*until = now + HELD_BACK_NS;
	return true;
}

static __always_inline void deny(struct answer *answer, __u32 program, __u32 event)
{
	answer->verdict = DROP;
	answer->denied_by = program;
	answer->event = event;
}

static __always_inline void drop(struct answer *answer, __u32 event)
{
	answer->verdict = DROP;
	answer->event = event;
}

/* Judges by one generation; has no effect yet. Functions that are not static are verified once, not at every call. */
__noinline int judge(struct question *question, struct answer *answer)
{
	const struct endpoint_state *source, *destination;
	const struct settings *settings;
	struct decision decision = {};
	__u32 slot;

	if (!question || !answer) return 0;
	*answer = (struct answer){ .verdict = ACCEPT, .event = EVENT_KINDS };
	slot = question->generation & 1;
	settings = bpf_map_lookup_elem(&options, &slot);
	if (!settings) {
		answer->verdict = DROP;
		return 0;
	}
	if (question->packet.is_discovery) return 0;
	source = question->hook == HOOK_OUTPUT ? 0 : endpoint_of(question, question->packet.source);
	destination = question->hook == HOOK_INPUT ? 0 : endpoint_of(question, question->packet.destination);
	if (question->hook != HOOK_OUTPUT) {
		if (!source && leads_to_pods(settings, &question->in)) {
			drop(answer, EVENT_CLOSED_SOURCE);
			return 0;
		}
		if (source && source->flags & ENDPOINT_LINKED && (source->link[0] != question->in.word[0] || source->link[1] != question->in.word[1])) {
			drop(answer, EVENT_FORGED);
			return 0;
		}
		if (question->hook == HOOK_FORWARD && !destination && leads_to_pods(settings, &question->out)) {
			drop(answer, EVENT_CLOSED_TARGET);
			return 0;
		}
	}
	if (question->is_established) return 0;
	if (settings->cut && question->is_unknown) {
		bool has_local_end = source != 0;

		/* Keeps the compiler from combining two pointers, which the verifier refuses. */
		barrier_var(has_local_end);
		if (destination) has_local_end = true;
		if (has_local_end && question->packet.is_midstream) answer->verdict = DROP;
		else if (is_ended(question)) answer->verdict = DROP;
		if (answer->verdict == DROP) return 0;
	}
	if (question->hook == HOOK_OUTPUT || (question->hook == HOOK_INPUT && settings->spares_own_node)) return 0;
	if (source && destination && source->owner[0] == destination->owner[0] && source->owner[1] == destination->owner[1] &&
	    !(source->flags & ENDPOINT_CLOSED))
		return 0;
	if (source && source->egress) {
		bool allowed = is_allowed(question, source->egress, true, &decision);

		answer->egress_rule = decision.rule;
		if (decision.is_logged) answer->logged |= LOGGED_EGRESS;
		if (!allowed) {
			deny(answer, source->egress, EVENT_DENIED_EGRESS);
			return 0;
		}
	}
	if (destination && destination->ingress) {
		bool allowed = is_allowed(question, destination->ingress, false, &decision);

		answer->ingress_rule = decision.rule;
		if (decision.is_logged) answer->logged |= LOGGED_INGRESS;
		if (!allowed) deny(answer, destination->ingress, EVENT_DENIED_INGRESS);
	}
	return 0;
}

static __always_inline void count_for(__u32 number, __u32 bytes)
{
	struct count *count;

	if (!number) return;
	count = bpf_map_lookup_elem(&counts, &number);
	if (!count) return;
	count->packets++;
	count->bytes += bytes;
}

static __noinline void tell(const struct question *question, __u32 kind, bool is_denied)
{
	__u32 slot = question->generation & 1;
	const struct settings *settings = bpf_map_lookup_elem(&options, &slot);
	struct event_rate *rate = bpf_map_lookup_elem(&event_rates, &kind);
	struct event *event;
	__u64 second;

	if (!settings || !rate || !settings->rate) return;
	second = bpf_ktime_get_ns() / 1000000000;
	if (rate->second != second) {
		rate->second = second;
		rate->told = 0;
	}
	if (rate->told >= settings->rate) {
		__sync_fetch_and_add(&rate->untold_rate, 1);
		return;
	}
	rate->told++;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&rate->untold_queue, 1);
		return;
	}
	event->kind = kind;
	event->family = question->packet.family;
	event->protocol = question->packet.protocol;
	event->has_ports = question->packet.has_ports;
	event->is_denied = is_denied;
	event->source_port = question->packet.source_port;
	event->destination_port = question->packet.destination_port;
	__builtin_memcpy(event->source, question->packet.source, 16);
	__builtin_memcpy(event->destination, question->packet.destination, 16);
	read_connection(question->connection, question->packet.protocol, event);
	/* Nobody sleeps on the queue: it is asked every few milliseconds. */
	bpf_ringbuf_submit(event, 1);
}

static __always_inline __u64 control_value(__u32 key)
{
	volatile __u64 *value = bpf_map_lookup_elem(&control, &key);

	return value ? *value : 0;
}

/* The kernel may leave letters of an earlier name behind the end of a link's name. */
__noinline int trim_link(struct link_name *name)
{
	bool is_over = false;

	if (!name) return 0;
	for (int i = 0; i < LINK_NAME_BYTES / 8; i++) {
		__u64 kept = 0;

		for (int shift = 0; shift < 64 && !is_over; shift += 8) {
			__u64 letter = name->word[i] & (0xffULL << shift);

			if (!letter) is_over = true;
			kept |= letter;
		}
		name->word[i] = kept;
	}
	return 0;
}

static __always_inline void read_link(struct net_device *device, struct link_name *link)
{
	__u8 *bytes = (__u8 *)link->word;

	if (!device) return;
	for (int i = 0; i < LINK_NAME_BYTES; i++) bytes[i] = device->name[i];
	trim_link(link);
}

/* What a judgement leads to. */
__noinline int settle(struct question *question, struct answer *answer)
{
	if (!question || !answer) return DROP;
	count_for(answer->egress_rule, question->packet.length);
	count_for(answer->ingress_rule, question->packet.length);
	count_for(answer->denied_by, question->packet.length);
	if (answer->logged & LOGGED_EGRESS) tell(question, EVENT_LOGGED_EGRESS, answer->event == EVENT_DENIED_EGRESS);
	if (answer->logged & LOGGED_INGRESS) tell(question, EVENT_LOGGED_INGRESS, answer->event == EVENT_DENIED_INGRESS);
	if (answer->event < EVENT_KINDS) tell(question, answer->event, true);
	return answer->verdict == ACCEPT ? ACCEPT : DROP;
}

static __always_inline int run(struct bpf_nf_ctx *ctx, __u32 hook, __u32 family)
{
	struct question question = { .hook = hook };
	struct answer answer = {};
	struct bpf_dynptr data;
	unsigned long conntrack;

	if (bpf_dynptr_from_skb(ctx->skb, 0, &data)) return DROP;
	if (!(family == 4 ? read_packet4(&data, &question.packet) : read_packet6(&data, &question.packet))) return DROP;
	if (hook != HOOK_OUTPUT) read_link(ctx->state->in, &question.in);
	if (hook == HOOK_FORWARD) read_link(ctx->state->out, &question.out);
	conntrack = ctx->skb->_nfct;
	question.connection = conntrack & ~7UL;
	/* enum ip_conntrack_info: 2 is new, 7 untracked (a null pointer and a reason); all zero is a packet that connection tracking finds invalid. */
	question.is_established = (conntrack & ~7UL) && ((conntrack & 7) <= 1 || (conntrack & 7) == 3 || (conntrack & 7) == 4);
	question.is_unknown = !conntrack || ((conntrack & ~7UL) && (conntrack & 7) == 2);
	for (int i = 0; i < TRIES_MAX; i++) {
		question.generation = control_value(CONTROL_COMMITTED);
		judge(&question, &answer);
		/* What it was judged by was complete to the end. */
		if (control_value(CONTROL_RETIRED) < question.generation) return settle(&question, &answer) == ACCEPT ? ACCEPT : DROP;
	}
	return DROP;
}

SEC("netfilter")
int forward4(struct bpf_nf_ctx *ctx)
{
	return run(ctx, HOOK_FORWARD, 4);
}

SEC("netfilter")
int forward6(struct bpf_nf_ctx *ctx)
{
	return run(ctx, HOOK_FORWARD, 6);
}

SEC("netfilter")
int input4(struct bpf_nf_ctx *ctx)
{
	return run(ctx, HOOK_INPUT, 4);
}

SEC("netfilter")
int input6(struct bpf_nf_ctx *ctx)
{
	return run(ctx, HOOK_INPUT, 6);
}

SEC("netfilter")
int output4(struct bpf_nf_ctx *ctx)
{
	return run(ctx, HOOK_OUTPUT, 4);
}

SEC("netfilter")
int output6(struct bpf_nf_ctx *ctx)
{
	return run(ctx, HOOK_OUTPUT, 6);
}
