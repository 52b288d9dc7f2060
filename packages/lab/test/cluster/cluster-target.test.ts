/** What is still to be done for a wish is computed from what is there: any state leads to any wish. */
import { describe, expect, it } from 'vitest';
import {
  withNodes,
  withOldEngine,
  withoutChange,
  withoutLeft,
  withoutNodes,
  withTargetEngine,
} from '../../src/cluster/change/change-edits.ts';
import type { ClusterTarget } from '../../src/cluster/change/cluster-change.ts';
import { remainingWork } from '../../src/cluster/change/remaining-work.ts';
import { type ClusterConfig, planCluster } from '../../src/cluster/cluster-config.ts';
import type { ClusterEngine } from '../../src/cluster/cluster-engine.ts';
import type { NamedNode } from '../../src/cluster/cluster-node.ts';
import { noFakes } from '../../src/fakes/fake-counts.ts';

const engines: readonly ClusterEngine[] = ['none', 'azure', 'calico', 'cilium'];

function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function nodes(
  pool: string,
  count: number,
  { revision, from = 0 }: { readonly revision: string; readonly from?: number },
): readonly NamedNode[] {
  return Array.from({ length: count }, (_, index) => ({ name: `${pool}-${from + index}`, system: 'linux', revision }));
}

function wish(pick: (below: number) => number): ClusterTarget {
  const engine = engines[pick(engines.length)] ?? 'none';
  const pools = Array.from({ length: 1 + pick(2) }, (_, index) => {
    const [count, revision] = [1 + pick(3), `${engine} ${pick(3)}`];
    const surge = pick(2);
    return { nodes: nodes(`p${index}`, count, { revision }), surge: nodes(`p${index}`, surge, { revision, from: count }), atOnce: 1 };
  });
  return { engine, pools, drainMs: 1 };
}

function newCluster(target: ClusterTarget): ClusterConfig {
  const namedNodes = target.pools.flatMap((pool) => pool.nodes);
  const shape = {
    name: 'c',
    nodes: namedNodes.length,
    namedNodes,
    engine: target.engine,
    standIn: false,
    dualStack: false,
    fakes: noFakes,
  };
  return planCluster(shape, 1, ['weir']);
}

/** The descriptions through which a change goes, one edit after the other, as the rollout makes them. */
function* steps(begin: ClusterConfig, target: ClusterTarget): Generator<ClusterConfig> {
  let config: ClusterConfig = { ...begin, change: { target, left: begin.change?.left ?? [] } };
  const edit = (next: ClusterConfig): ClusterConfig => (config = next);
  yield edit(withoutLeft(config, config.change?.left ?? []));
  const work = remainingWork(config, target);
  yield edit(withoutNodes(config, work.stale));
  yield edit(withoutLeft(config, work.stale));
  yield edit(withNodes(config, work.joining, 'own'));
  for (const { pool, nodes: outdated } of work.replacing) {
    yield edit(withNodes(config, pool.surge, 'surge'));
    for (const node of outdated) {
      yield edit(withoutNodes(config, [node.name]));
      yield edit(withNodes(withoutLeft(config, [node.name]), [node], 'own'));
    }
  }
  yield edit(withoutNodes(config, work.leaving));
  yield edit(withoutLeft(config, work.leaving));
  if (work.switchesEngine) yield edit(withTargetEngine(config));
  const surge = config.nodes.filter(({ temporary }) => temporary === true).map(({ name }) => name);
  yield edit(withoutNodes(config, surge));
  yield edit(withoutChange(config));
}

/** What of a description counts: places differ with the order in which nodes came. */
function essence({ engine, nodes: present, change }: ClusterConfig): unknown {
  const all = present.map(({ name, revision, engine: own, temporary }) => ({ name, revision, own, temporary }));
  return { engine, change, nodes: all.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

function carriedOut(begin: ClusterConfig, target: ClusterTarget, stopAfter = Number.POSITIVE_INFINITY): ClusterConfig {
  let last = begin;
  let count = 0;
  for (const config of steps(begin, target)) {
    last = config;
    if (++count >= stopAfter) break;
  }
  return last;
}

describe('a change of nodes and engine', () => {
  it('ends as a cluster that is made like that, from any state, and after being cut off anywhere', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const pick = random(seed);
      let config = newCluster(wish(pick));
      for (let cut = pick(4); cut > 0; cut--) config = carriedOut(config, wish(pick), 1 + pick(14));
      const target = wish(pick);
      expect(essence(carriedOut(config, target)), `seed ${seed}`).toEqual(essence(newCluster(target)));
    }
  });

  it('never has two nodes at one place', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const pick = random(seed);
      for (const { nodes: present } of steps(carriedOut(newCluster(wish(pick)), wish(pick), pick(9)), wish(pick))) {
        const places = present.flatMap(({ addresses }) => addresses);
        expect(new Set(places).size, `seed ${seed}`).toBe(places.length);
      }
    }
  });

  it('puts no engine on replaced nodes before all are replaced, and leaves the old one on the others', () => {
    const begin = newCluster({ engine: 'azure', pools: [{ nodes: nodes('p', 3, { revision: 'a' }), surge: [], atOnce: 1 }], drainMs: 1 });
    const pool = { nodes: nodes('p', 3, { revision: 'b' }), surge: nodes('p', 1, { revision: 'b', from: 3 }), atOnce: 1 };
    for (const { engine, nodes: present } of steps(begin, { engine: 'cilium', pools: [pool], drainMs: 1 })) {
      const isNew = (revision: string | undefined): boolean => revision === 'b';
      if (engine === 'cilium') expect(present.filter(({ revision }) => isNew(revision))).toHaveLength(present.length);
      for (const node of present) expect(node.engine).toBe(engine === 'azure' && isNew(node.revision) ? 'none' : undefined);
    }
  });

  it('that fails gives the old engine to replaced nodes, which count as outdated then', () => {
    const begin = newCluster({ engine: 'azure', pools: [{ nodes: nodes('p', 2, { revision: 'a' }), surge: [], atOnce: 1 }], drainMs: 1 });
    const target = { engine: 'cilium', pools: [{ nodes: nodes('p', 2, { revision: 'b' }), surge: [], atOnce: 1 }], drainMs: 1 } as const;
    const half = withOldEngine(carriedOut(begin, target, 9));
    expect(half.nodes.map(({ engine }) => engine)).toEqual([undefined, undefined]);
    expect(remainingWork(half, target).replacing[0]?.nodes).toHaveLength(2);
  });
});
