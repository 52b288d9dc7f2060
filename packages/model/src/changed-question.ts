/** A question after a change that a near miss names, to see whether the change would help. */
import { unreachable } from '@weir/net';
import type { Endpoint, LabelsBySpace } from './endpoint.ts';
import type { LabelSpace } from './model.ts';
import type { PolicyWorld } from './policy-world.ts';
import type { Change, FlowQuestion, SideName } from './verdict.ts';

/** What is asked once all changes are made; of several values and ports the first. */
export function changedQuestion(world: PolicyWorld, question: FlowQuestion, changes: readonly Change[]): FlowQuestion {
  return changes.reduce((changed, change) => withChange(world, changed, change), question);
}

function withChange(world: PolicyWorld, question: FlowQuestion, change: Change): FlowQuestion {
  switch (change.kind) {
    case 'use protocol':
      return { ...question, protocol: change.protocol };
    case 'use port': {
      const port = change.ports[0]?.first;
      if (port === undefined) return question;
      return change.side === 'source' ? { ...question, sourcePort: port } : { ...question, destinationPort: port };
    }
    case 'name port': {
      const [name] = change.names;
      const { protocol, destinationPort: port } = question;
      if (name === undefined || port === undefined) return question;
      return withEndpoint(question, change.side, (endpoint) => ({
        ...endpoint,
        namedPorts: [...endpoint.namedPorts.filter((named) => named.name !== name), { name, protocol, port }],
      }));
    }
    case 'move to namespace': {
      const [namespace] = change.namespaces;
      return namespace === undefined
        ? question
        : withEndpoint(question, change.side, (endpoint) => inNamespace(world, endpoint, namespace));
    }
    case 'set label':
      return withEndpoint(question, change.side, (endpoint) => withLabel(endpoint, change, change.values?.[0] ?? ''));
    case 'avoid label':
    case 'remove label':
      return withEndpoint(question, change.side, (endpoint) => withLabel(endpoint, change, undefined));
    default:
      return unreachable(change);
  }
}

function withEndpoint(question: FlowQuestion, side: SideName, change: (endpoint: Endpoint) => Endpoint): FlowQuestion {
  const end = question[side];
  return end.kind === 'endpoint' ? { ...question, [side]: { ...end, endpoint: change(end.endpoint) } } : question;
}

/** As the other pods there are, where there are some. */
function inNamespace({ endpoints }: PolicyWorld, endpoint: Endpoint, namespace: string): Endpoint {
  const there = endpoints.find((other) => other.namespace === namespace);
  const labels: LabelsBySpace = {
    ...endpoint.labels,
    reserved: { ...endpoint.labels.reserved, namespace },
    ...(there === undefined ? {} : { namespace: there.labels.namespace }),
  };
  return { ...endpoint, namespace, labels };
}

function withLabel(
  endpoint: Endpoint,
  { space, key }: { readonly space: LabelSpace; readonly key: string },
  value: string | undefined,
): Endpoint {
  const { [key]: _old, ...others } = endpoint.labels[space];
  const labels: LabelsBySpace = { ...endpoint.labels, [space]: value === undefined ? others : { ...others, [key]: value } };
  return { ...endpoint, labels };
}
