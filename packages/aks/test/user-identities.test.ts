/** Identities that people make, clusters that have them, and lists of all resources. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ArmEndpoint } from './support/arm-endpoint.ts';
import { ClusterScene } from './support/cluster-scene.ts';

let endpoint: ArmEndpoint;
let scene: ClusterScene;
/** Below the subscription. */
let path: string;
beforeAll(async () => {
  endpoint = await ArmEndpoint.start();
});
beforeEach(async () => {
  scene = await ClusterScene.open(endpoint);
  path = `${scene.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1`;
});
afterAll(async () => {
  await endpoint.dispose();
  expect(endpoint.faults).toEqual([]);
});

describe('an identity of the user', () => {
  it('is made, shown, listed and deleted, and keeps who it is', async () => {
    const made = await endpoint.ask('PUT', path, { location: 'Canada East', tags: { a: 'b' } });
    expect([made.status, made.json]).toEqual([
      201,
      expect.objectContaining({ name: 'id1', location: 'canadaeast', type: 'Microsoft.ManagedIdentity/userAssignedIdentities' }) as object,
    ]);
    const again = await endpoint.ask('PUT', path.toUpperCase(), { location: 'canadaeast' });
    expect([again.status, again.json]).toEqual([200, made.json]);
    const { value } = (await endpoint.ask('GET', path.replace(/\/id1$/, ''))).json as { value: object[] };
    expect(value).toEqual([made.json]);
    expect((await endpoint.ask('DELETE', path)).status).toBe(200);
    expect([(await endpoint.ask('GET', path)).status, (await endpoint.ask('DELETE', path)).status]).toEqual([404, 204]);
  });

  it.each([
    ['id1', {}, 'LocationNotAvailableForResourceType'],
    ['-', { location: 'canadaeast' }, 'InvalidResourceName'],
  ])('%s with %j is refused', async (name, body, code) => {
    const answer = await endpoint.ask('PUT', path.replace(/id1$/, name), body);
    expect([answer.status, answer.json]).toEqual([400, { error: expect.objectContaining({ code }) as object }]);
  });

  it('is what a cluster acts as, and one that there is not makes none', async () => {
    const id = `${endpoint.subscription}${path}`;
    const top = { identity: { type: 'UserAssigned', userAssignedIdentities: { [id]: {} } } };
    const { json } = await endpoint.ask('PUT', path, { location: 'canadaeast' });
    await scene.create({ top });
    const { clientId, principalId } = json['properties'] as Record<string, string>;
    expect((await scene.ask('GET', '')).json['identity']).toEqual({
      ...top.identity,
      userAssignedIdentities: { [id]: { clientId, principalId } },
    });
    const other = await ClusterScene.open(endpoint);
    await expect(other.create({ top: { identity: { type: 'UserAssigned', userAssignedIdentities: { [`${id}x`]: {} } } } })).rejects.toThrow(
      /InvalidUserAssignedIdentity.*was not found/,
    );
  });

  it('goes with its group', async () => {
    await endpoint.ask('PUT', path, { location: 'canadaeast' });
    await endpoint.ask('DELETE', scene.group);
    await expect.poll(async () => (await endpoint.ask('GET', scene.group)).status, { timeout: 20_000 }).toBe(404);
    await endpoint.ask('PUT', scene.group, { location: 'canadaeast' });
    expect((await endpoint.ask('GET', path)).status).toBe(404);
  });
});

describe('the list of resources', () => {
  const names = async (filter: string): Promise<readonly string[]> => {
    const { json } = await endpoint.ask('GET', `/resources?$filter=${encodeURIComponent(filter)}`);
    return (json['value'] as { name: string }[]).map(({ name }) => name).toSorted();
  };

  it('of groups has those alone whose tag has the name and the value', async () => {
    await endpoint.ask('PUT', '/resourceGroups/tagged', { location: 'canadaeast', tags: { a: 'x', b: 'y' } });
    const groups = async (filter: string): Promise<unknown> => {
      const { status, json } = await endpoint.ask('GET', `/resourceGroups?$filter=${encodeURIComponent(filter)}`);
      return status === 200 ? (json['value'] as { name: string }[]).map(({ name }) => name) : status;
    };
    expect(await groups("tagName eq 'A'")).toEqual(['tagged']);
    expect(await groups("tagname eq 'a' and tagvalue eq 'x'")).toEqual(['tagged']);
    expect(await groups("tagname eq 'a' and tagvalue eq 'y'")).toEqual([]);
    expect(await groups('nonsense')).toBe(400);
  });

  it('has clusters and identities, and those alone that a filter names', async () => {
    await scene.create({ top: { tags: { kind: "it's" } } });
    await endpoint.ask('PUT', path, { location: 'canadaeast' });
    const group = `resourceGroup eq '${scene.group.split('/').at(-1)?.toUpperCase()}'`;
    expect(await names(group)).toEqual([scene.name, 'id1']);
    expect(await names(`${group} and resourceType eq 'microsoft.containerservice/managedclusters'`)).toEqual([scene.name]);
    expect(await names(`${group} and name eq 'ID1' and location eq 'canadaeast'`)).toEqual(['id1']);
    expect(await names(`tagName eq 'kind' and tagValue eq 'it''s'`)).toEqual([scene.name]);
    expect(await names(`${group} and location eq 'westus'`)).toEqual([]);
  });

  it.each(["name ne 'x'", 'name', "size eq '1'", "name eq 'x' or name eq 'y'"])('with the filter %j is refused', async (filter) => {
    const answer = await endpoint.ask('GET', `/resources?$filter=${encodeURIComponent(filter)}`);
    expect([answer.status, answer.json]).toEqual([
      400,
      { error: expect.objectContaining({ code: 'InvalidFilterInQueryString' }) as object },
    ]);
  });
});
