/* What a packet says of itself: addresses, protocol, ports. The kernel has put fragments together before. */
#pragma once
#include "kernel-types.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

extern int bpf_dynptr_from_skb(struct sk_buff *skb, __u64 flags, struct bpf_dynptr *ptr) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *ptr, __u32 offset, void *buffer, __u32 buffer__szk) __ksym;

enum { PROTOCOL_HOP_BY_HOP = 0, PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, PROTOCOL_ROUTING = 43, PROTOCOL_FRAGMENT = 44, PROTOCOL_AUTHENTICATION = 51, PROTOCOL_ICMP6 = 58, PROTOCOL_OPTIONS = 60, PROTOCOL_SCTP = 132, PROTOCOL_UDPLITE = 136 };
/* As many as a packet of 1500 bytes holds, and some more; with still more the packet counts as unreadable. */
enum { EXTENSIONS_MAX = 192 };

struct packet {
	__u32 source[4];
	__u32 destination[4];
	__be16 source_port;
	/* Of ICMP type and code: policies have messages in the place of ports. */
	__be16 destination_port;
	__u8 family;
	__u8 protocol;
	bool has_ports;
	/* Without: ports or message are cut off, or the headers too many; no policy lets such a packet through. */
	bool is_readable;
	bool is_discovery;
	/* A TCP packet that does not begin a connection, as far as it says. */
	bool is_midstream;
	__u32 length;
};

static __always_inline bool carries_ports(__u8 protocol)
{
	return protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP || protocol == PROTOCOL_SCTP || protocol == PROTOCOL_UDPLITE;
}

static __always_inline void read_transport(struct bpf_dynptr *data, __u32 offset, struct packet *packet)
{
	__u8 buffer[16];
	__u8 *ports;
	bool is_icmp = packet->protocol == PROTOCOL_ICMP || packet->protocol == PROTOCOL_ICMP6;

	packet->is_readable = true;
	if (!carries_ports(packet->protocol) && !is_icmp) return;
	ports = bpf_dynptr_slice(data, offset, buffer, 4);
	if (!ports) {
		packet->is_readable = false;
		return;
	}
	if (is_icmp) {
		packet->destination_port = *(__be16 *)ports;
		/* The other family's ICMP has no messages here. */
		packet->is_readable = packet->protocol == (packet->family == 4 ? PROTOCOL_ICMP : PROTOCOL_ICMP6);
		return;
	}
	packet->source_port = *(__be16 *)ports;
	packet->destination_port = *(__be16 *)(ports + 2);
	packet->has_ports = true;
	if (packet->protocol == PROTOCOL_TCP) {
		__u8 *tcp = bpf_dynptr_slice(data, offset, buffer, 14);

		packet->is_midstream = !tcp || (tcp[13] & 2) == 0;
	}
}

static __always_inline bool read_packet4(struct bpf_dynptr *data, struct packet *packet)
{
	__u8 buffer[20];
	__u8 *header = bpf_dynptr_slice(data, 0, buffer, 20);

	if (!header) return false;
	packet->family = 4;
	packet->source[0] = *(__u32 *)(header + 12);
	packet->destination[0] = *(__u32 *)(header + 16);
	packet->protocol = header[9];
	packet->length = bpf_ntohs(*(__be16 *)(header + 2));
	/* A later fragment, which the kernel does not show here. */
	if (*(__be16 *)(header + 6) & bpf_htons(0x1fff)) return true;
	read_transport(data, (header[0] & 15) * 4, packet);
	return true;
}

/* Neighbour discovery (RFC 4861): a routed packet cannot have hop limit 255. */
static __always_inline void read_discovery(struct bpf_dynptr *data, __u32 offset, __u8 hop_limit, struct packet *packet)
{
	__u8 buffer[4];
	__u8 *type;

	if (packet->protocol != PROTOCOL_ICMP6 || hop_limit != 255) return;
	type = bpf_dynptr_slice(data, offset, buffer, 4);
	packet->is_discovery = type && type[0] >= 133 && type[0] <= 137;
}

/* The first header behind the extensions; false: cut off, or too many. */
static __always_inline bool skip_extensions(struct bpf_dynptr *data, __u8 *next, __u32 *offset)
{
	for (int i = 0; i < EXTENSIONS_MAX; i++) {
		__u8 buffer[8];
		__u8 *extension;

		if (*next != PROTOCOL_HOP_BY_HOP && *next != PROTOCOL_ROUTING && *next != PROTOCOL_FRAGMENT &&
		    *next != PROTOCOL_AUTHENTICATION && *next != PROTOCOL_OPTIONS)
			return true;
		extension = bpf_dynptr_slice(data, *offset, buffer, 8);
		if (!extension) return false;
		if (*next == PROTOCOL_FRAGMENT) {
			/* A fragment that is the whole packet stays one; others the kernel does not show here. */
			if (*(__be16 *)(extension + 2) & bpf_htons(0xfff9)) return false;
			*offset += 8;
		} else if (*next == PROTOCOL_AUTHENTICATION) {
			*offset += (extension[1] + 2) * 4;
		} else {
			*offset += (extension[1] + 1) * 8;
		}
		*next = extension[0];
	}
	return false;
}

static __always_inline bool read_packet6(struct bpf_dynptr *data, struct packet *packet)
{
	__u8 buffer[40];
	__u32 offset = 40;
	__u8 *header = bpf_dynptr_slice(data, 0, buffer, 40);
	__u8 next, hop_limit;

	if (!header) return false;
	packet->family = 6;
	packet->length = bpf_ntohs(*(__be16 *)(header + 4)) + 40;
	next = header[6];
	hop_limit = header[7];
	__builtin_memcpy(packet->source, header + 8, 16);
	__builtin_memcpy(packet->destination, header + 24, 16);
	if (!skip_extensions(data, &next, &offset)) return true;
	packet->protocol = next;
	read_transport(data, offset, packet);
	read_discovery(data, offset, hop_limit, packet);
	return true;
}
