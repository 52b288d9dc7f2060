/**
 * The suites that judge network policies elsewhere, imitated on a cluster of two nodes: the requests of their clients
 * byte for byte (`recordings/*.http`), and what they run in pods. `WEIR_NETPOL=all` runs all 48 cases on all pairs.
 */
import { join } from 'node:path';
import type { Pod } from '@weir/kube';
import { netpolCases, netpolEnds } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiConnection, apiConnectionOf, type ExecResult } from '../support/exec/api-connection.ts';
import { execOverSpdy } from '../support/exec/spdy-exec.ts';
import { execOverWebSocket } from '../support/exec/web-socket-exec.ts';
import { LabCluster } from '../support/lab-cluster.ts';
import { administratorCases } from './administrator-cases.ts';
import { AdministratorCluster } from './administrator-cluster.ts';
import { clientContainer, type House, houses, namespaceOfHouse, servedBy } from './conformance-base.ts';
import { NetpolCluster } from './netpol-cluster.ts';
import { recordingsIn, replays } from './replays.ts';

let cluster: LabCluster;
let connection: ApiConnection;
beforeAll(async () => {
  cluster = await LabCluster.up({ nodes: 2 });
  connection = await apiConnectionOf(cluster);
});
afterAll(() => cluster?.down());

const recordings = join(import.meta.dirname, 'recordings');

describe.each(recordingsIn(recordings))('the requests of %s', (file) => replays(join(recordings, file), () => connection));

describe('where the kinds of other policy APIs are installed', () => {
  // They come with the cluster's engine.
  beforeAll(() => cluster.kubectlOutput('wait --for=condition=Established crd --all --timeout=60s'));
  const directory = join(recordings, 'with-definitions');
  describe.each(recordingsIn(directory))('the requests of %s', (file) => replays(join(directory, file), () => connection));
});

const isWhole = process.env['WEIR_NETPOL'] === 'all';
/** Cases that differ in what the server and the nodes must do: each protocol, names of ports, changes, blocks. */
const fewCases = new Set([
  "should support a 'default-deny-all' policy",
  'should allow ingress access on one named port',
  'should allow ingress access from updated pod',
  'should allow egress access to server in CIDR block',
  'should enforce policy based on Ports using UDP',
  "should support a 'default-deny-ingress' policy using SCTP",
  'should enforce policy based on Ports using SCTP',
]);
const cases = netpolCases.filter(({ name }) => isWhole || fewCases.has(name));

describe('the e2e suite Netpol, by the addresses of services,', () => {
  const ends = isWhole ? netpolEnds : ['x/a', 'x/b', 'y/a', 'z/c'];
  let model: NetpolCluster;
  beforeAll(async () => {
    model = await NetpolCluster.make(cluster);
  });
  afterAll(() => model?.close());

  it('is imitated with the cases that are named here', () => {
    expect(cases).toHaveLength(isWhole ? 48 : fewCases.size);
  });

  it.each(cases.map((each, index) => [each.name, each, index % 2 === 0 ? execOverWebSocket : execOverSpdy] as const))(
    '%s',
    async (_, { steps }, exec) => {
      for (const { state, probes } of steps) {
        await model.moveTo(state);
        const wrong = await Promise.all(probes.map((probe) => model.wrongPairs(probe, ends, exec)));
        expect(wrong.flat()).toEqual([]);
      }
    },
  );

  it('policy-assistant asks for names of services, for a terminal that it does not use, and twice for the container', async () => {
    await model.moveTo({ policies: [] });
    const from = { namespace: 'x', pod: 'a', container: 'cont-80-tcp' };
    const more = [
      ['tty', 'true'],
      ['container', from.container],
    ] as const;
    const connect = (protocol: string, port: number): Promise<ExecResult> => {
      const target = `s-y-b.y.svc.cluster.local:${port}`;
      const command = ['/agnhost', 'connect', target, '--timeout=20s', `--protocol=${protocol}`];
      return execOverSpdy(connection, { ...from, more, command });
    };
    const results = await Promise.all(['tcp', 'udp', 'sctp'].map((protocol) => connect(protocol, 81)));
    expect(results.map(({ status }) => status.status)).toEqual(['Success', 'Success', 'Success']);
    expect((await connect('tcp', 82)).status).toMatchObject({ status: 'Failure', reason: 'NonZeroExitCode' });
  });
});

/** One of each kind of peer, port and tier; `administrator-conformance.netns.test.ts` runs all of them on every back end. */
const fewAdministratorCases = new Set([
  'CNPAdminTierIntegration',
  'CNPAdminTierPriorityField',
  'CNPAdminTierIngressNamedPort',
  'CNPBaselineTierEgressNodePeers',
]);

describe('the base of the conformance suite of network-policy-api', () => {
  let base: AdministratorCluster;
  let pods: readonly Pod[];
  beforeAll(async () => {
    base = await AdministratorCluster.make(cluster, 1);
    ({ pods } = base);
  });
  afterAll(() => base?.close());

  it('comes up: two pods a house, those with host ports on two nodes', () => {
    expect(pods).toHaveLength(10);
    const centaurs = pods.filter(({ spec }) => spec?.hostNetwork === true);
    expect(centaurs.map(({ spec }) => spec?.nodeName).sort()).toEqual(['node1', 'node2']);
    expect(centaurs.map(({ status }) => status?.podIP).sort()).toEqual(['10.224.0.4', '10.224.0.5']);
  });

  it('is probed by SPDY exec: a pod of a house reaches every port of every pod', async () => {
    const probes = (Object.keys(houses) as House[]).flatMap((house) =>
      pods
        .filter(({ metadata }) => metadata.namespace === namespaceOfHouse(house))
        .flatMap((pod, number) =>
          servedBy(pod).map(({ port, protocol }) => ({
            from: ['gryffindor', 0] as const,
            to: [house, number] as const,
            protocol,
            port,
            passes: true,
          })),
        ),
    );
    expect(probes).toHaveLength(60);
    expect(await base.run({ name: 'base', objects: [], steps: [{ title: 'nothing is policed', probes }] })).toEqual([]);
  });

  it.each(administratorCases.filter(({ name }) => fewAdministratorCases.has(name)))('is policed as the suite asks: $name', async (each) => {
    expect(await base.run(each)).toEqual([]);
  });

  it('is probed by SPDY exec: what a policy denies ends in TIMEOUT, and what nobody serves in REFUSED', async () => {
    const victim = pods.find(({ metadata }) => metadata.name === 'draco-malfoy-0');
    const namespace = namespaceOfHouse('slytherin');
    const denied = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'deny', namespace } };
    const from = { namespace: namespaceOfHouse('gryffindor'), pod: 'harry-potter-1', container: clientContainer('harry-potter-1') };
    const probe = async (protocol: string, port: number): Promise<string> => {
      const command = ['/agnhost', 'connect', '--timeout=1s', `--protocol=${protocol}`, `${victim?.status?.podIP ?? ''}:${port}`];
      return (await execOverSpdy(connection, { ...from, command })).stderr;
    };
    await expect.poll(() => probe('tcp', 81), { timeout: 60_000 }).toMatch(/^REFUSED/);
    await cluster.kubectlOutput('apply -f -', JSON.stringify({ ...denied, spec: { podSelector: {}, policyTypes: ['Ingress'] } }));
    const all = (): Promise<string[]> => Promise.all([probe('tcp', 80), probe('udp', 53), probe('sctp', 9003)]);
    const isDenied = expect.stringMatching(/^TIMEOUT/);
    await expect.poll(all, { timeout: 60_000 }).toEqual([isDenied, isDenied, isDenied]);
  });
});
