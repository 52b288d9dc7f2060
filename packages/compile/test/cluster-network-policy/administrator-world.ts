/** A small cluster for tests of the administrators' policies: three pods, a node, and what becomes of one flow. */
import type { KubeObject } from '@weir/kube';
import { createPolicyWorld, type Endpoint, type FlowQuestion, judgeQuestion, type Policy, type Tier } from '@weir/model';
import { type Address, defined, parseAddress, protocolNumber } from '@weir/net';
import { expect } from 'vitest';
import { type PlacedPolicy, policyCompilers, type ReferredObjects } from '../../src/index.ts';
import { isOfKind } from '../../src/policy-kind.ts';

export const address = (text: string): Address => defined(parseAddress(text), text);

function pod(name: string, ip: string, namespace: string): Endpoint {
  return {
    uid: name,
    namespace,
    name,
    node: 'node1',
    addresses: [address(ip)],
    labels: {
      pod: { app: name },
      namespace: { 'kubernetes.io/metadata.name': namespace, team: namespace },
      serviceAccount: {},
      reserved: { namespace, name },
    },
    namedPorts: [
      { name: 'web', protocol: protocolNumber.TCP, port: 80 },
      { name: 'dns', protocol: protocolNumber.UDP, port: 53 },
    ],
  };
}

export const client = pod('client', '10.0.0.1', 'n');
export const server = pod('server', '10.0.0.2', 'n');
export const stranger = pod('stranger', '10.0.0.3', 'other');

const node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node2', labels: { pool: 'a' } },
  status: {
    addresses: [
      { type: 'InternalIP', address: '10.9.0.2' },
      { type: 'Hostname', address: 'node2' },
    ],
  },
};

/** The cluster has one node. */
export const referred: ReferredObjects = {
  get: () => undefined,
  list: (kind) => (kind.kind === 'Node' ? [node] : []),
};

/** Compiles objects of any API; none may be refused. */
export function compileAll(objects: readonly KubeObject[]): readonly PlacedPolicy[] {
  return objects.flatMap((object) => {
    const compiler = defined(
      policyCompilers.find(({ policyKinds }) => policyKinds.some((kind) => isOfKind(object, kind))),
      `${object.kind ?? ''} is read`,
    );
    const { policies, diagnostics } = compiler.compile(object, referred);
    expect(diagnostics).toEqual([]);
    return policies;
  });
}

/** What becomes of TCP from `client` to port 80 of `server`, or of what `flow` changes about it. */
export function outcomeOf(placed: readonly PlacedPolicy[], flow: Partial<FlowQuestion> = {}): string {
  const tiers = new Map<string, Tier & { policies: Policy[] }>();
  for (const { tier, policy } of placed) {
    const known = tiers.get(tier.name);
    if (known === undefined) tiers.set(tier.name, { ...tier, policies: [policy] });
    else known.policies.push(policy);
  }
  const world = createPolicyWorld({
    endpoints: [client, server, stranger],
    nodes: [{ name: 'node2', addresses: [address('10.9.0.2')] }],
    tiers: [...tiers.values()],
  });
  return judgeQuestion(world, {
    source: { kind: 'endpoint', endpoint: client, address: address('10.0.0.1') },
    destination: { kind: 'endpoint', endpoint: server, address: address('10.0.0.2') },
    protocol: protocolNumber.TCP,
    destinationPort: 80,
    ...flow,
  });
}
