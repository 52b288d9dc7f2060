/* What the connection of a packet was opened with, before any translation. */
#pragma once
#include "kernel-types.h"
#include "state.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym;

/* Sixteen bytes of the kernel's. Any type will do that has so many and that every kernel knows. */
static __always_inline const struct in6_addr *bytes_at(__u64 address)
{
	return bpf_rdonly_cast((const void *)address, bpf_core_type_id_kernel(struct in6_addr));
}

/* The tuple that opened a connection. Its type may be a module's, of which the verifier takes no pointer: it is read as bytes. */
static __always_inline void read_connection(__u64 connection, __u8 protocol, struct event *event)
{
	const struct nf_conn *layout = 0;
	const struct in6_addr *source, *destination, *ports;

	event->tracked = TRACKED_NOT;
	if (!connection) return;
	if (!bpf_core_field_exists(layout->tuplehash)) {
		event->tracked = TRACKED_UNTOLD;
		return;
	}
	source = bytes_at(connection + bpf_core_field_offset(layout->tuplehash[0].tuple.src.u3));
	destination = bytes_at(connection + bpf_core_field_offset(layout->tuplehash[0].tuple.dst.u3));
	for (int i = 0; i < 4; i++) {
		event->opener[i] = source->in6_u.u6_addr32[i];
		event->addressed[i] = destination->in6_u.u6_addr32[i];
	}
	event->opener_port = bytes_at(connection + bpf_core_field_offset(layout->tuplehash[0].tuple.src.u))->in6_u.u6_addr16[0];
	ports = bytes_at(connection + bpf_core_field_offset(layout->tuplehash[0].tuple.dst.u));
	event->addressed_port = ports->in6_u.u6_addr16[0];
	/* An error about a connection belongs to it and is of another protocol. */
	if (bytes_at(connection + bpf_core_field_offset(layout->tuplehash[0].tuple.dst.protonum))->in6_u.u6_addr8[0] == protocol)
		event->tracked = TRACKED_TOLD;
}
