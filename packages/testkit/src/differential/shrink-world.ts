/**
 * Makes a failing world small: takes away policies, pods, rules, peers, ports, requirements, labels
 * and so on, one after the other, for as long as the failure stays.
 *
 * Works on the objects as plain JSON: every array element and every optional member is a candidate,
 * larger parts first. What removal would make invalid is left alone.
 */
import type { World } from '../oracle/world.ts';

/** What is needed for an object to stay valid or recognisable, wherever it occurs. */
const keptMembers = new Set([
  'apiVersion',
  'kind',
  'name',
  'namespace',
  'uid',
  'metadata',
  'spec',
  'status',
  'phase',
  'containers',
  'operator',
  'key',
  'cidr',
  'nodeName',
  'podIP',
  'hostIP',
  'containerPort',
  'kubernetes.io/metadata.name',
  'addresses',
  'type',
  'address',
  'ip',
]);

/** Lists that must keep an element, and members of which one must stay. */
const nonEmptyLists = new Set(['containers', 'values', 'podIPs', 'hostIPs']);

/**
 * The smallest world found for which `fails` still holds; `fails` must hold for `world` itself. A
 * candidate for which `fails` throws counts as not failing.
 */
export function shrinkWorld(world: World, fails: (candidate: World) => boolean): World {
  const steps = shrinkSteps(world);
  for (let step = steps.next(); ; ) {
    if (step.done === true) return step.value;
    let stillFails = false;
    try {
      stillFails = fails(step.value);
    } catch {
      // Counts as not failing.
    }
    step = steps.next(stillFails);
  }
}

/**
 * The same where finding out takes time: yields a candidate after the other, takes whether it fails,
 * and returns the smallest world that did. The caller may stop early and keep its last failing one.
 */
export function* shrinkSteps(world: World): Generator<World, World, boolean> {
  let current = world;
  for (let shrunk = true; shrunk; ) {
    shrunk = false;
    for (const path of removablePaths(current)) {
      const candidate = withoutPath(current, path);
      if (candidate === undefined || !isPlausible(candidate) || !(yield candidate)) continue;
      current = candidate;
      shrunk = true;
    }
  }
  return current;
}

type Path = readonly (string | number)[];

/** Paths of everything that could go, shallow ones first, list elements from the end. */
function removablePaths(world: World): Path[] {
  const paths: Path[] = [];
  const visit = (value: unknown, path: Path): void => {
    if (Array.isArray(value)) {
      for (let i = value.length - 1; i >= 0; i--) {
        if (value.length > 1 || !nonEmptyLists.has(String(path.at(-1)))) paths.push([...path, i]);
        visit(value[i], [...path, i]);
      }
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, member] of Object.entries(value)) {
        if (path.length > 0 && !keptMembers.has(key)) paths.push([...path, key]);
        visit(member, [...path, key]);
      }
    }
  };
  visit(world, []);
  return paths.sort((a, b) => a.length - b.length);
}

/** The world without the part, or undefined when an earlier removal took the path away. */
function withoutPath(world: World, path: Path): World | undefined {
  const remove = (value: unknown, rest: Path): unknown => {
    const [step, ...further] = rest;
    if (Array.isArray(value) && typeof step === 'number' && step < value.length) {
      return further.length === 0 ? value.toSpliced(step, 1) : value.with(step, remove(value[step], further));
    }
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && typeof step === 'string' && step in value) {
      const members = value as Record<string, unknown>;
      if (further.length > 0) return { ...members, [step]: remove(members[step], further) };
      return Object.fromEntries(Object.entries(members).filter(([key]) => key !== step));
    }
    throw new RangeError('no such path');
  };
  try {
    return remove(world, path) as World;
  } catch {
    return undefined;
  }
}

/**
 * What no cluster can hold must not come out: empty peers, In without values, a namespace without
 * the label that the control plane sets, a primary address that is not the first of the list.
 */
function isPlausible(world: World): boolean {
  if (!world.namespaces.every(({ metadata }) => metadata.labels?.['kubernetes.io/metadata.name'] === metadata.name)) return false;
  if (!world.pods.every(({ status }) => status?.podIPs === undefined || status.podIPs[0]?.ip === status.podIP)) return false;
  const names = new Set(world.namespaces.map(({ metadata }) => metadata.name));
  if (![...world.pods, ...world.networkPolicies].every(({ metadata }) => names.has(metadata.namespace))) return false;
  const rules = world.networkPolicies.flatMap(({ spec }) => [
    ...(spec?.ingress ?? []).map(({ from, ports }) => ({ peers: from ?? [], ports: ports ?? [] })),
    ...(spec?.egress ?? []).map(({ to, ports }) => ({ peers: to ?? [], ports: ports ?? [] })),
  ]);
  const peers = rules.flatMap((rule) => rule.peers);
  const selectors = [
    ...world.networkPolicies.map(({ spec }) => spec?.podSelector),
    ...peers.flatMap(({ podSelector, namespaceSelector }) => [podSelector, namespaceSelector]),
  ];
  const requirements = selectors.flatMap((selector) => selector?.matchExpressions ?? []);
  return (
    peers.every((peer) => Object.keys(peer).length > 0) &&
    rules.every(({ ports }) => ports.every(({ port, endPort }) => endPort === undefined || typeof port === 'number')) &&
    requirements.every(
      ({ operator, values }) => (operator === 'In' || operator === 'NotIn') === (values !== undefined && values.length > 0),
    )
  );
}
