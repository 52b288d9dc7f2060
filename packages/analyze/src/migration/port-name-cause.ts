/** Why flows change with a port name in an egress rule, which engines look up at the destination or in the whole cluster. */

import { type Endpoint, type EngineName, engineProfiles, type Rule } from '@weir/model';
import { formatProtocol } from '@weir/net';
import { listed } from '@weir/snapshot';

/** The engines by name and title, and the pods whose ports have names. */
export interface PortNameReaders {
  readonly allowing: { readonly engine: EngineName; readonly title: string };
  readonly denying: { readonly engine: EngineName; readonly title: string };
  readonly pods: readonly Endpoint[];
}

/** The sentence for a rule of the engine that allows; undefined where the rule has no such name, or both read it alike. */
export function portNameCause({ match, origin }: Rule, { allowing, denying, pods }: PortNameReaders): string | undefined {
  const { namedPorts, clusterPorts } = match.destination;
  const isRead = (engine: EngineName): string => engineProfiles[engine].egressPortNames;
  if (origin.direction !== 'egress' || isRead(allowing.engine) === isRead(denying.engine)) return undefined;
  const known = (clusterPorts ?? []).flatMap(({ name, port }) => (port === undefined ? [] : [`${name} (${port})`]));
  if (known.length > 0) {
    return `with ${allowing.title} the name of port ${listed(known)} in an egress rule is that number of every destination, with ${denying.title} it is the port that the destination gives the name`;
  }
  const several = (namedPorts ?? []).map((name) => {
    const numbers = pods.flatMap(({ namedPorts: ports }) => ports.filter((port) => port.name === name && port.protocol === match.protocol));
    const sorted = [...new Set(numbers.map(({ port }) => port))].sort((a, b) => a - b);
    return `${name} (${formatProtocol(match.protocol ?? 0)} ${sorted.join(' and ')} in this cluster)`;
  });
  if (several.length === 0) return undefined;
  return `with ${denying.title} the name of a port in an egress rule must be one number in the whole cluster, else it is no port: ${listed(several)}; with ${allowing.title} it is the port that the destination gives the name`;
}
