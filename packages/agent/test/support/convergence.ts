/** Whether an agent enforces what a fresh engine computes from the API server's objects. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyDelta, type Delta, difference, emptyState, fromScratch, isEmpty } from '@weir/calc';
import { namespacesPath, networkPoliciesPath, podsPath } from '@weir/client';
import type { Namespace, NetworkPolicy, Pod } from '@weir/kube';
import { parseAttachment } from '../../src/start-gate/attachment.ts';
import type { NodeWorld } from './node-world.ts';

/** Waits until it does; throws with the difference when it never does. */
export async function untilConverged(world: NodeWorld): Promise<void> {
  let found = '';
  try {
    await world.until('the agent has caught up', async () => {
      const delta = await differenceOf(world);
      found = delta === undefined ? 'the agent does not answer' : JSON.stringify(delta).slice(0, 4_000);
      return delta !== undefined && isEmpty(delta);
    });
  } catch (error) {
    throw new Error(`from scratch differs by ${found}`, { cause: error });
  }
}

async function differenceOf(world: NodeWorld): Promise<Delta | undefined> {
  const [pods, namespaces, policies] = await Promise.all([
    world.client.list<Pod>(podsPath()),
    world.client.list<Namespace>(namespacesPath),
    world.client.list<NetworkPolicy>(networkPoliciesPath()),
  ]);
  const kept = JSON.parse(readFileSync(join(world.directory, 'state', 'attachments.json'), 'utf8')) as readonly unknown[];
  const attachments = kept.map(parseAttachment).flatMap((attachment) => ('problem' in attachment ? [] : [attachment]));
  const wanted = fromScratch({
    node: world.nodeName,
    pods: pods.items,
    namespaces: namespaces.items,
    policies: policies.items,
    accepted: [],
    attachments,
  });
  const reply = await world.gate('GET', '/v1/dump').catch(() => undefined);
  if (reply?.status !== 200) return undefined;
  return difference(applyDelta(emptyState(), wanted), applyDelta(emptyState(), reply.json as Delta));
}
