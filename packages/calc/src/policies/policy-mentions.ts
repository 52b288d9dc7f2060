/** What a policy's plan may depend on beside the policy; asked of many policies, so without compiling them. */
import type { NetworkPolicy } from '@weir/kube';
import { isTransportName, transportNumber } from '@weir/net';
import { portNameKey } from '@weir/policy';

/** Whether a rule of the policy may have a block. */
export function mentionsBlocks({ spec }: NetworkPolicy): boolean {
  const peers = [...(spec?.ingress ?? []).map(({ from }) => from), ...(spec?.egress ?? []).map(({ to }) => to)].flat();
  return peers.some((peer) => peer?.ipBlock !== undefined);
}

/** Whether an egress rule of the policy may name one of these ports, given as {@link portNameKey} has them. */
export function namesEgressPort({ spec }: NetworkPolicy, keys: ReadonlySet<string>): boolean {
  const ports = (spec?.egress ?? []).flatMap((rule) => rule.ports ?? []);
  return ports.some(
    ({ port, protocol = 'TCP' }) =>
      typeof port === 'string' && isTransportName(protocol) && keys.has(portNameKey({ name: port, protocol: transportNumber(protocol) })),
  );
}
