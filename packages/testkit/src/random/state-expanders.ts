/**
 * Expands a list of states into other lists that visit the same states by other ways. The state of
 * an engine must depend on the current state only, so every expansion is a valid test (after
 * Felix's tests of its calculation graph).
 */
import type { KubeObject } from '@weir/kube';
import type { World } from '../oracle/world.ts';

/** A list of states with the name of the way that it was made. */
export interface StateSequence {
  readonly name: string;
  readonly states: readonly World[];
}

/** A cluster with its nodes and nothing else. */
export function emptyWorld(world: World): World {
  return { namespaces: [], pods: [], networkPolicies: [], ...(world.nodes && { nodes: world.nodes }) };
}

/** The sequence itself, reversed, there and back, squashed, with empty states between, and split. */
export function expandStates(states: readonly World[]): StateSequence[] {
  const last = states.at(-1);
  const first = states[0];
  if (first === undefined || last === undefined) return [];
  return [
    { name: 'as given', states },
    { name: 'reversed', states: states.toReversed() },
    { name: 'there and back', states: [...states, ...states.toReversed()] },
    { name: 'squashed', states: states.filter((_, i) => i % 3 === 0 || i === states.length - 1) },
    { name: 'first and last only', states: [first, last, first] },
    { name: 'with empty states between', states: states.flatMap((state) => [state, emptyWorld(state)]) },
    { name: 'repeated', states: states.flatMap((state) => [state, state]) },
    { name: 'split into single objects', states: splitStates([emptyWorld(first), ...states]) },
  ];
}

/** States whose steps between two given ones change one object at a time. */
export function splitStates(states: readonly World[]): World[] {
  const result: World[] = [];
  let current = states[0];
  if (current === undefined) return result;
  result.push(current);
  for (const next of states.slice(1)) {
    for (const step of singleSteps(current, next)) result.push(step);
    current = next;
  }
  return result;
}

/**
 * One object at a time, in an order that keeps every state one that a cluster can be in: pods go
 * before their namespace and come after it, and an address is free before another pod has it.
 */
function singleSteps(from: World, to: World): World[] {
  const steps: World[] = [];
  let current = from;
  const advance = (change: Partial<World>): void => {
    current = { ...current, ...change };
    steps.push(current);
  };
  const pods = compare(from.pods, to.pods);
  const policies = compare(from.networkPolicies, to.networkPolicies);
  const namespaces = compare(from.namespaces, to.namespaces);
  for (const pod of pods.gone) advance({ pods: without(current.pods, pod) });
  for (const policy of policies.gone) advance({ networkPolicies: without(current.networkPolicies, policy) });
  for (const namespace of namespaces.come) advance({ namespaces: withObject(current.namespaces, namespace) });
  if (from.nodes !== to.nodes) advance(to.nodes === undefined ? {} : { nodes: to.nodes });
  for (const pod of pods.come) advance({ pods: withObject(current.pods, pod) });
  for (const policy of policies.come) advance({ networkPolicies: withObject(current.networkPolicies, policy) });
  for (const namespace of namespaces.gone) advance({ namespaces: without(current.namespaces, namespace) });
  // The order of lists means nothing; the last step restores the given one.
  return [...steps, to];
}

/** What is not in `to` any more, and what is new or different there. */
function compare<T extends KubeObject>(from: readonly T[], to: readonly T[]): { gone: T[]; come: T[] } {
  return {
    gone: from.filter((object) => !to.some((other) => same(object, other))),
    come: to.filter((object) => !from.includes(object)),
  };
}

function withObject<T extends KubeObject>(objects: readonly T[], object: T): T[] {
  const index = objects.findIndex((other) => same(other, object));
  return index < 0 ? [...objects, object] : objects.with(index, object);
}

function without<T extends KubeObject>(objects: readonly T[], object: T): T[] {
  return objects.filter((other) => !same(other, object));
}

function same(a: KubeObject, b: KubeObject): boolean {
  return a.metadata.uid === b.metadata.uid;
}
