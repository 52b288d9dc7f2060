/** What the names of ports in rules stand for: numbers that pods give them. */
import type { Inhabitant, Inhabitants, ResolvedEnd } from './inhabitants.ts';
import type { NumbersOfName } from './rule-matching.ts';

/** A named port is one of the pod that receives the traffic; no pod there, no named port. */
export function numbersAt({ pod }: Pick<ResolvedEnd, 'pod'>): NumbersOfName {
  return (name, protocol) => (pod === undefined ? [] : namedNumbers([pod], name, protocol));
}

/** The one number that all pods give a name; several numbers are none. */
export function numbersOfCluster({ everybody }: Inhabitants): NumbersOfName {
  const known = new Map<string, readonly number[]>();
  return (name, protocol) => {
    const key = `${protocol} ${name}`;
    let found = known.get(key);
    if (found === undefined) {
      const numbers = namedNumbers(everybody, name, protocol);
      found = numbers.length > 1 ? [] : numbers;
      known.set(key, found);
    }
    return found;
  };
}

function namedNumbers(pods: readonly Inhabitant[], name: string, protocol: string): number[] {
  const ports = pods.flatMap((pod) => pod.ports);
  return [...new Set(ports.filter((port) => port.name === name && port.protocol === protocol).map(({ number }) => number))];
}
