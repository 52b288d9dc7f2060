/** The issuer of a cluster's tokens: who has it by itself, who by asking, and that it stays. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ArmEndpoint } from './support/arm-endpoint.ts';
import { ClusterScene } from './support/cluster-scene.ts';

let endpoint: ArmEndpoint;
beforeAll(async () => {
  endpoint = await ArmEndpoint.start();
});
afterAll(async () => {
  await endpoint.dispose();
  expect(endpoint.faults).toEqual([]);
});

const url = /^https:\/\/canadaeast\.oic\.prod-aks\.azure\.com\/[-0-9a-f]{36}\/[-0-9a-f]{36}\/$/;
const enabled = { enabled: true, issuerURL: expect.stringMatching(url) as string };

async function made(properties: object): Promise<ClusterScene> {
  const scene = await ClusterScene.open(endpoint);
  await scene.create({ properties });
  return scene;
}
const profileOf = async (scene: ClusterScene): Promise<unknown> => (await scene.properties())['oidcIssuerProfile'];

describe('a new cluster', () => {
  it.each([
    ['1.33', undefined, { enabled: false }],
    ['1.33', true, enabled],
    ['1.34', undefined, enabled],
    ['1.34', false, { enabled: false }],
    ['1.36', undefined, enabled],
  ])('of Kubernetes %s that asks for %s has the issuer %j', async (kubernetesVersion, asked, profile) => {
    const scene = await made({ kubernetesVersion, ...(asked === undefined ? {} : { oidcIssuerProfile: { enabled: asked } }) });
    expect(await profileOf(scene)).toEqual(profile);
  });
});

describe('an issuer', () => {
  it('does not come with an upgrade, and comes when it is asked for', async () => {
    const scene = await made({ kubernetesVersion: '1.33' });
    await scene.done(scene.update({ kubernetesVersion: '1.34' }));
    expect(await profileOf(scene)).toEqual({ enabled: false });
    await scene.done(scene.update({ oidcIssuerProfile: { enabled: true } }));
    expect(await profileOf(scene)).toEqual(enabled);
  });

  it('keeps its name and is not switched off', async () => {
    const scene = await made({});
    const before = await profileOf(scene);
    await scene.done(scene.update({ oidcIssuerProfile: { enabled: true, issuerURL: 'https://elsewhere/' } }));
    expect(await profileOf(scene)).toEqual(before);
    const { status, json } = await scene.update({ oidcIssuerProfile: { enabled: false } });
    expect([status, json]).toEqual([
      400,
      expect.objectContaining({ code: 'OIDCIssuerFeatureCannotBeDisabled', message: 'OIDC issuer feature cannot be disabled.' }),
    ]);
    expect(await profileOf(scene)).toEqual(before);
  });
});
