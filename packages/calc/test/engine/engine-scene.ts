/** A small world, and what a test asks the state of it. */
import { type Address, defined, parseAddress } from '@weir/net';
import type { Program, State } from '../../src/index.ts';
import { Follower, type World } from '../follower.ts';
import { namespaceOf, podOf, policyOf } from '../objects.ts';

export const shop = namespaceOf('shop', { team: 'a' });
export const web = podOf('shop/web', { labels: { app: 'web' }, ip: '10.0.0.1', node: 'n1' });
export const db = podOf('shop/db', { labels: { app: 'db' }, ip: '10.0.0.2' });
export const denyAll = policyOf('shop/deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
export const fromDb = policyOf('shop/from-db', {
  podSelector: { matchLabels: { app: 'web' } },
  ingress: [{ from: [{ podSelector: { matchLabels: { app: 'db' } } }] }],
});

export function addressOf(text: string): Address {
  return defined(parseAddress(text), `${text} is an address`);
}

export function at(world: World): State {
  const follower = new Follower();
  follower.go(world);
  return follower.state;
}

export function programOf(state: State, uid: string, direction: 'ingress' | 'egress' = 'ingress'): Program | undefined {
  return state.programs.get(state.endpoints.get(uid)?.[direction] ?? '');
}

export function rulesOf(state: State, uid: string, direction: 'ingress' | 'egress' = 'ingress'): Program['tiers'][number]['rules'] {
  return programOf(state, uid, direction)?.tiers.flatMap(({ rules }) => rules) ?? [];
}

/** The sets that an address is in, with the ports where they count. */
export function membershipsOf(state: State, address: string): string[] {
  const { memberships = [] } = state.classes.get(state.addresses.get(address)?.class ?? '') ?? {};
  return memberships.map(({ set, ports }) =>
    ports === undefined ? set : `${set} => ${ports.map(({ protocol, port }) => `${protocol}/${port}`).join()}`,
  );
}

export function membersOf(state: State, set: string | undefined): string[] {
  return [...state.addresses.keys()]
    .filter((address) => membershipsOf(state, address).some((text) => text.split(' => ')[0] === set))
    .sort();
}
