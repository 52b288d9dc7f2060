/** Without azure-cli: `weir az` makes a cluster of the lab, changes it and removes it, where nothing but a loopback is. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AzSession } from '../support/az-session.ts';

/** Far more than it takes: the machine may have other things to do. */
const patienceMs = 480_000;
const cluster = ['--resource-group', 'rg', '--name', 'c1'];

let session: AzSession;
beforeAll(async () => {
  session = await AzSession.openSignedOut();
});
afterAll(() => session?.close(), patienceMs);

const az = async (...words: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await session.weir('az', ...words);
  expect(code, `weir az ${words.join(' ')}\n${stderr}`).toBe(0);
  return stdout;
};

describe('weir az, without a sign-in', { timeout: patienceMs }, () => {
  it('makes a cluster that kubectl reaches', async () => {
    await az('group', 'create', '-n', 'rg', '-l', 'canadaeast');
    await az('aks', 'create', ...cluster, '--node-count', '1', '--network-plugin', 'azure', '--network-policy', 'azure', '--no-ssh-key');
    await az('aks', 'get-credentials', ...cluster);
    expect(await session.output('kubectl get nodes -o name')).toMatch(/^node\/aks-nodepool1-\d{8}-vmss000000$/);
    expect(await az('aks', 'list', '-o', 'table')).toMatch(/^Name +Location +ResourceGroup [^]*\nc1 +canadaeast +rg +1\.\d+ .*Succeeded/);
  });

  it('takes the engine away; the cluster stays', async () => {
    const policy = await az(
      'aks',
      'update',
      ...cluster,
      '--network-policy',
      'none',
      '--query',
      'networkProfile.networkPolicy',
      '-o',
      'tsv',
    );
    expect(policy).toBe('none\n');
    await session.output('kubectl wait --for=condition=Ready nodes --all --timeout=60s');
  });

  it('removes the group with all that is in it', async () => {
    await az('group', 'delete', '-n', 'rg', '--yes');
    expect(await az('group', 'exists', '-n', 'rg')).toBe('false\n');
    expect((await session.weir('status', '-o', 'json')).stdout).toBe('[]\n');
  });
});
