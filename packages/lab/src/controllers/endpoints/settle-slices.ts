/** Brings the EndpointSlices of one owner to what they should be, with as few writes as that takes. */
import { isDeepStrictEqual } from 'node:util';
import { endpointSlicesPath, isAlreadyExists, isNotFound, type KubeClient } from '@weir/client';
import type { EndpointSlice } from '@weir/kube';

/** `present` are all slices of the owner; those that are not desired go. */
export async function settleSlices(
  client: KubeClient,
  desired: readonly EndpointSlice[],
  present: readonly EndpointSlice[],
): Promise<void> {
  const wanted = new Set(desired.map((slice) => slice.metadata.name));
  for (const slice of desired) {
    const path = endpointSlicesPath(slice.metadata.namespace);
    const known = present.find((other) => other.metadata.name === slice.metadata.name);
    if (known === undefined) await ignoring(isAlreadyExists, client.create(path, slice));
    else if (!sameSlice(known, slice)) {
      await client.update(path, { ...known, endpoints: slice.endpoints ?? [], ports: slice.ports ?? [], metadata: merged(known, slice) });
    }
  }
  for (const slice of present) {
    const { namespace, name = '' } = slice.metadata;
    if (!wanted.has(name)) await ignoring(isNotFound, client.delete(endpointSlicesPath(namespace), name));
  }
}

/** The metadata of what is there, with the desired labels. */
export function merged(
  present: { metadata: EndpointSlice['metadata'] },
  desired: { metadata: EndpointSlice['metadata'] },
): EndpointSlice['metadata'] {
  return { ...present.metadata, labels: desired.metadata.labels ?? {} };
}

function sameSlice(a: EndpointSlice, b: EndpointSlice): boolean {
  return same(a.endpoints ?? [], b.endpoints ?? []) && same(a.ports ?? [], b.ports ?? []) && same(a.metadata.labels, b.metadata.labels);
}

function same(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b);
}

/** Waits; an error of the expected kind is none. */
export async function ignoring(expected: (error: unknown) => boolean, promise: Promise<unknown>): Promise<void> {
  try {
    await promise;
  } catch (error) {
    if (!expected(error)) throw error;
  }
}
