/** Numbers instead of a port name in a patch, for engines that read the name otherwise or not at all. */
import type { NetworkPolicyPort } from '@weir/kube';
import type { Endpoint } from '@weir/model';
import { isTransportName, transportNumber } from '@weir/net';
import type { EntryPlace, PolicyDraft } from './policy-draft.ts';
import { peersSelecting } from './select-pods.ts';

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

/** Puts a rule for each number of a name in the place of the name, with the pods among the `meant` ones that have it; answers why not, when none has. */
export function ruleForEachNumber(
  draft: PolicyDraft,
  place: EntryPlace,
  { meant, pods }: { readonly meant: readonly Endpoint[]; readonly pods: readonly Endpoint[] },
): string | undefined {
  const { direction, rule, index } = place;
  const port = draft.rulesOf(direction)[rule]?.ports[index];
  if (port === undefined || typeof port.port !== 'string') return 'there is no other way to say it';
  const numbers = numbersOnPods(port, meant);
  if (numbers.length === 0) return `no pod that the rule means has a port of the name ${port.port}`;
  const { protocol = 'TCP' } = port;
  draft.replacePort(place, [], `gives port ${port.port} to rules of its numbers: ${numbers.join(', ')}`);
  for (const number of numbers) {
    const having = meant.filter((pod) => numbersOnPods(port, [pod]).includes(number));
    const ports = [{ protocol, port: number }];
    draft.addRule(
      direction,
      { peers: peersSelecting(having, pods, draft.namespace), ports },
      `adds the pods whose port ${port.port} is ${number}`,
    );
  }
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
