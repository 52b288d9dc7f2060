/**
 * The conformance suite of network-policy-api v0.2.0 for ClusterNetworkPolicy, rebuilt: its 24 tests, standard and
 * experimental, over SPDY exec. `WEIR_CONFORMANCE=all` runs all of them on every back end of Linux;
 * `upstream-suites.netns.test.ts` always runs a few.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabCluster } from '../support/lab-cluster.ts';
import { administratorCases } from './administrator-cases.ts';
import { AdministratorCluster } from './administrator-cluster.ts';

const isWhole = process.env['WEIR_CONFORMANCE'] === 'all';

const suffixes = ['TCP', 'UDP', 'SCTP'].flatMap((protocol) => [`Ingress${protocol}`, `Egress${protocol}`]);
const inBothTiers = [...suffixes, 'Gress', 'EgressInlineCIDRPeers', 'IngressNamedPort', 'EgressNamedPort', 'EgressNodePeers'];

it('has the tests of the suite, each once', () => {
  const names = [
    ...inBothTiers.flatMap((suffix) => [`CNPAdminTier${suffix}`, `CNPBaselineTier${suffix}`]),
    'CNPAdminTierIntegration',
    'CNPAdminTierPriorityField',
  ];
  expect(administratorCases.map(({ name }) => name).sort()).toEqual(names.sort());
  expect(names).toHaveLength(24);
});

describe.each(isWhole ? ['nftables', 'iptables', 'ebpf'] : [])('the suite of network-policy-api on %s', (dataplane) => {
  let cluster: LabCluster;
  let base: AdministratorCluster;
  beforeAll(async () => {
    cluster = await LabCluster.up({ nodes: 2, more: ['--dataplane', dataplane] });
    base = await AdministratorCluster.make(cluster, 1);
  }, 600_000);
  afterAll(async () => {
    base?.close();
    await cluster?.down();
  });

  it.each(administratorCases)('$name', { timeout: 900_000 }, async (each) => {
    expect(await base.run(each)).toEqual([]);
  });
});
