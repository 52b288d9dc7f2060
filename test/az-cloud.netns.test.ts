/** The unmodified az on everything of the cloud that needs no cluster: extensions, features, providers, groups, identities. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AzSession } from './support/az-session.ts';

let az: AzSession;
// A busy machine starts az slowly.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

beforeAll(async () => {
  az = await AzSession.open();
});
afterAll(() => az?.close());

describe('az extension', () => {
  it('adds, shows, lists, updates and removes aks-preview, and says that it is a preview', async () => {
    const added = await az.line('az extension add --name aks-preview');
    expect([added.code, added.stderr]).toEqual([
      0,
      expect.stringContaining("The installed extension 'aks-preview' is in preview.") as string,
    ]);
    const again = await az.line('az extension add --name aks-preview');
    expect([again.code, again.stderr]).toEqual([0, expect.stringMatching(/Extension 'aks-preview' .*is already installed/) as string]);
    expect(JSON.parse(await az.output('az extension show --name aks-preview'))).toMatchObject({ metadata: { 'azext.isPreview': true } });
    expect(await az.output(`az extension list --query "[?name=='aks-preview'].preview" -o tsv`)).toBe('true');
    const update = await az.line('az extension update --name aks-preview');
    expect([update.code, update.stderr]).toEqual([
      0,
      expect.stringContaining("Latest version of 'aks-preview' is already installed.") as string,
    ]);
    // With it, the commands are those that az has without it.
    expect(await az.output('az aks list -o tsv')).toBe('');
    await az.output('az extension remove --name aks-preview');
    expect((await az.line('az extension show --name aks-preview')).code).not.toBe(0);
  });
});

describe('az feature', () => {
  it('registers a preview in a moment, and asks for the provider to be registered again', async () => {
    const named = '--namespace Microsoft.ContainerService --name WindowsNetworkPolicyPreview';
    expect(await az.output(`az feature show ${named} --query properties.state -o tsv`)).toBe('NotRegistered');
    const registered = await az.line(`az feature register ${named}`);
    expect([registered.code, registered.stderr]).toEqual([
      0,
      expect.stringContaining(
        "invoking 'az provider register -n Microsoft.ContainerService' is required to get the change propagated",
      ) as string,
    ]);
    expect(JSON.parse(registered.stdout)).toMatchObject({ properties: { state: 'Registering' } });
    const state = (): Promise<string> => az.output(`az feature show ${named} --query properties.state -o tsv`);
    await expect.poll(state, { timeout: 60_000, interval: 200 }).toBe('Registered');
    await az.output('az provider register --namespace Microsoft.ContainerService');
    expect(await az.output('az feature list --query "[?properties.state==\'Registered\'].name" -o tsv')).toBe(
      'Microsoft.ContainerService/WindowsNetworkPolicyPreview',
    );
    const unknown = await az.line('az feature show --namespace Microsoft.ContainerService --name StartStopPreview');
    expect([unknown.code, unknown.stderr]).toEqual([
      3,
      expect.stringContaining("The feature 'StartStopPreview' could not be found.") as string,
    ]);
  });
});

describe('az group', () => {
  it('makes, tags, lists and deletes groups, with exit codes that tell what is not there', async () => {
    expect(await az.output('az group exists --name g1')).toBe('false');
    expect(JSON.parse(await az.output('az group create --name g1 --location canadaeast'))).toMatchObject({
      name: 'g1',
      managedBy: null,
      properties: { provisioningState: 'Succeeded' },
      tags: null,
    });
    expect(await az.output('az group exists --name G1')).toBe('true');
    await az.output('az group update --name g1 --tags a=b');
    expect(await az.output('az group list --query "[].[name,tags.a]" -o tsv')).toBe('g1\tb');
    expect(await az.output('az group delete --name g1 --yes')).toBe('');
    for (const line of ['az group show --name g1', 'az group delete --name g1 --yes']) {
      const missing = await az.line(line);
      expect([missing.code, missing.stderr], line).toEqual([
        3,
        expect.stringContaining("(ResourceGroupNotFound) Resource group 'g1' could not be found.") as string,
      ]);
    }
    const wrong = await az.line('az group create --name g1');
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('--location') as string]);
  });
});

describe('az identity and az resource', () => {
  it('make an identity, show it, and list it by its type', async () => {
    await az.output('az group create --name g2 --location westus');
    const made = JSON.parse(await az.output('az identity create --name id1 --resource-group g2')) as { clientId: string };
    expect(await az.output('az identity show --name id1 --resource-group g2 --query clientId -o tsv')).toBe(made.clientId);
    const type = 'Microsoft.ManagedIdentity/userAssignedIdentities';
    expect(await az.output(`az resource list --resource-group g2 --resource-type ${type} --query "[].name" -o tsv`)).toBe('id1');
    await az.output('az identity delete --name id1 --resource-group g2');
    expect(await az.output('az identity list --resource-group g2 -o tsv')).toBe('');
  });
});
