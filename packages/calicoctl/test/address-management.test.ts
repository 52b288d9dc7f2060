/** `weir calicoctl ipam show` over pools and blocks as Calico's address management stores them, and what is not here. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CalicoServer, startCalicoServer } from '../../lab/test/support/calico-server.ts';
import { runWords } from './support/run-words.ts';

let calico: CalicoServer;
const run = runWords(() => calico.server.kubeconfig());
const stored = '/apis/crd.projectcalico.org/v1';

const handle = (handle_id: string, secondary: object): object => ({ handle_id, secondary });
const block = {
  cidr: '192.0.2.64/30',
  affinity: 'host:node-1',
  allocations: [0, null, 1, 2],
  unallocated: [1],
  attributes: [
    handle('k8s-pod-network.a', { namespace: 'default', node: 'node-1', pod: 'web', timestamp: '2026-01-01 00:00:00 +0000 UTC' }),
    handle('k8s-pod-network.b', { namespace: 'other', node: 'node-2', pod: 'lent' }),
    { handle_id: null, secondary: null },
  ],
};

async function make(plural: string, kind: string, name: string, spec: object): Promise<void> {
  const body = { apiVersion: 'crd.projectcalico.org/v1', kind, metadata: { name }, spec };
  expect((await calico.server.request('POST', `${stored}/${plural}`, { body })).status).toBe(201);
}

beforeAll(async () => {
  calico = await startCalicoServer();
});
afterAll(() => calico?.stop());

describe('weir calicoctl ipam show', { timeout: 60_000 }, () => {
  it('tells a cluster in which Calico manages no addresses', async () => {
    const { code, stdout, stderr } = await run('ipam show');
    expect([code, stderr]).toEqual([0, expect.stringContaining("no blocks of Calico's address management")]);
    expect(stdout).toBe(
      [
        '+----------+------+-----------+------------+----------+',
        '| GROUPING | CIDR | IPS TOTAL | IPS IN USE | IPS FREE |',
        '+----------+------+-----------+------------+----------+',
        '+----------+------+-----------+------------+----------+',
        '',
      ].join('\n'),
    );
  });

  it('counts what is used of pools, and of blocks where it is asked to', async () => {
    await make('ippools', 'IPPool', 'pool', { cidr: '192.0.2.0/24' });
    await make('ippools', 'IPPool', 'six', { cidr: '2001:db8::/48' });
    await make('ipamblocks', 'IPAMBlock', '192-0-2-64-30', block);
    await make('ipamblocks', 'IPAMBlock', 'gone', { ...block, deleted: true });
    const rows = (text: string): readonly (readonly string[])[] =>
      text
        .split('\n')
        .filter((line) => line.startsWith('|'))
        .slice(1)
        .map((line) =>
          line
            .split('|')
            .map((cell) => cell.trim())
            .slice(1, -1),
        );
    expect(rows((await run('ipam show')).stdout)).toEqual([
      ['IP Pool', '192.0.2.0/24', '256', '3 (1%)', '253 (99%)'],
      ['IP Pool', '2001:db8::/48', '1.2089e+24', '0 (0%)', '1.2089e+24 (100%)'],
    ]);
    expect(rows((await run('ipam show --show-blocks')).stdout)[1]).toEqual(['Block', '192.0.2.64/30', '4', '3 (75%)', '1 (25%)']);
  });

  it('knows whom an address was given to', async () => {
    expect((await run('ipam show --ip=192.0.2.64')).stdout).toBe(
      [
        'IP 192.0.2.64 is in use',
        'Handle ID: k8s-pod-network.a',
        'Active Owner Attributes:',
        '  namespace: default',
        '  node: node-1',
        '  pod: web',
        '  timestamp: 2026-01-01 00:00:00 +0000 UTC',
        '',
      ].join('\n'),
    );
    expect((await run('ipam show --ip=192.0.2.67')).stdout).toBe(
      'IP 192.0.2.67 is in use\nHandle ID: <none>\nNo Active Owner attributes defined\n',
    );
    expect((await run('ipam show --ip=192.0.2.65')).stdout).toBe('192.0.2.65 is not assigned\n');
    expect(await run('ipam show --ip=nowhere')).toMatchObject({ code: 1, stderr: 'invalid IP address specified: nowhere\n' });
  });

  it('shows addresses of other nodes’ blocks, and the settings', async () => {
    expect((await run('ipam show --show-borrowed')).stdout).toContain(
      '| 192.0.2.66 | node-2         | 192.0.2.64/30 | node-1      | pod  | other/lent   |\n',
    );
    expect((await run('ipam show --show-configuration')).stdout).toContain('| StrictAffinity     | false |\n');
  });
});

describe('commands about what Weir does not run', () => {
  it.each([
    ['ipam release --ip=192.0.2.64', "Use Calico's own calicoctl."],
    ['ipam configure --strictaffinity=true', 'weir calicoctl apply'],
    ['node status', 'Use weir status.'],
    ['datastore migrate export', 'Use weir snapshot save.'],
    ['datastore migrate lock -c x', 'no agent of Weir waits for that lock'],
    ['datastore migrate-policy-names', 'under the names of both eras'],
    ['cluster diags --since=1h', 'Use weir status.'],
  ])('are refused with the reason and what to do instead: %s', async (line, text) => {
    const { code, stdout, stderr } = await run(line, '', { K8S_API_ENDPOINT: 'https://127.0.0.1:1' });
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining(text)]);
  });

  it.each([
    ['ipam lend', 'unknown command: "ipam lend"\n'],
    ['ipam', 'unknown command: "ipam"\n'],
    ['datastore migrate away now', 'unknown command: "datastore migrate away"\n'],
  ])('are told from words that nobody knows: %s', async (line, text) => {
    const { code, stderr } = await run(line);
    expect([code, stderr.startsWith(text)]).toEqual([1, true]);
  });
});
