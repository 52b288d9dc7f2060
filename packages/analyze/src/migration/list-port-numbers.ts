/** Numbers instead of a port name in a patch, for engines that read the name otherwise or not at all. */
import type { NetworkPolicyPort } from '@weir/kube';
import { isTransportName, transportNumber } from '@weir/net';
import type { Endpoint } from '@weir/policy';
import type { EntryPlace, PolicyDraft } from './policy-draft.ts';

/** Puts the numbers in the place of the name; answers why not, when there are none. */
export function listPortNumbers(draft: PolicyDraft, place: EntryPlace, numbers: readonly number[]): string | undefined {
  const port = draft.rulesOf(place.direction)[place.rule]?.ports[place.index];
  if (port === undefined || typeof port.port !== 'string') return 'there is no other way to say it';
  if (numbers.length === 0) return `no pod has a port of the name ${port.port}`;
  const { protocol = 'TCP' } = port;
  draft.replacePort(
    place,
    numbers.map((number) => ({ protocol, port: number })),
    `lists the numbers of port ${port.port}: ${numbers.join(', ')}`,
  );
  return undefined;
}

/** The numbers that any of the pods gives the name of the port, ascending. */
export function numbersOnPods({ port: name, protocol = 'TCP' }: NetworkPolicyPort, pods: readonly Endpoint[]): number[] {
  const wanted = isTransportName(protocol) ? transportNumber(protocol) : undefined;
  const numbers = pods.flatMap(({ namedPorts }) =>
    namedPorts.filter((named) => named.name === name && named.protocol === wanted).map(({ port }) => port),
  );
  return [...new Set(numbers)].sort((a, b) => a - b);
}
