/** Worlds and flows as text for a failure message: enough to see the case and to type it in again. */
import type { FlowEnd, World, WorldFlow } from '../oracle/world.ts';

/** A flow on one line, for example `x/pod-1 (IPv4) → 203.0.113.10 TCP 80`. */
export function renderFlow(flow: WorldFlow): string {
  return `${renderEnd(flow.source)} → ${renderEnd(flow.destination)} ${flow.protocol}${flow.port === undefined ? '' : ` ${flow.port}`}`;
}

/** All objects of a world as a JSON manifest (`kubectl apply -f -` takes it), one object a line. */
export function renderWorld(world: World): string {
  const { nodes = [], namespaces, serviceAccounts = [], pods, networkPolicies, policyObjects = [] } = world;
  const items = [...nodes, ...namespaces, ...serviceAccounts, ...pods, ...networkPolicies, ...policyObjects];
  return `{"apiVersion": "v1", "kind": "List", "items": [\n${items.map((item) => `  ${JSON.stringify(item)}`).join(',\n')}\n]}`;
}

function renderEnd(end: FlowEnd): string {
  if (end.kind === 'address') return end.address;
  return `${end.namespace}/${end.name}${end.family === undefined ? '' : ` (IPv${end.family})`}`;
}
