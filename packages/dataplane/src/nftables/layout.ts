/**
 * The one table `inet weir`: its chains, and all its rules. Nothing here grows with policies; those of host
 * endpoints (`host-ways.ts`) are there while some of their families are in use.
 *
 *   hook forward, first   egress ─────── closed, forged ── established ── self ──▶ egress4/6
 *   hook forward, second  ingress ────── closed ────────── established ── self ──▶ ingress4/6
 *   hook forward, third   egress_again ─ closed ────────── established ── forged, self ──▶ egress4/6_again
 *   hook input            input, input_again: the same for packets to the node itself, without ingress
 *
 *   egress4   rules for any peer ─▶ peer a known pod? egress4_pod ─▶ rules for its block ─▶ drop
 *
 * A packet of an isolated endpoint is looked up as (program . class of the peer . protocol . port)
 * in `allow`. Accept ends only the base chain that it was reached from, so egress cannot answer
 * for ingress, and a chain of somebody else still decides for itself.
 */
import type { ChainDefinition, RuleDefinition, SetDefinition } from '@weir/kernel';
import type { EstablishedMode } from '../dataplane.ts';
import { baseRules } from './base-rules.ts';
import { endedChainDefinitions, endedRules, endedSetDefinitions } from './ended-connections.ts';
import type { HostShape } from './host-table.ts';
import { hostChains } from './host-ways.ts';
import { programChainNames, programChains, programRules } from './program-rules.ts';
import { reportChains, reportRules } from './reports.ts';
import { setDefinitions } from './sets.ts';

/**
 * Before `filter` (0), so that an administrator's own chains there come after ours, and after
 * destination translation (-100), so that services are judged by the pod behind them.
 */
const egressPriority = -20;
const ingressPriority = -19;
const egressAgainPriority = -18;

const chainDefinitions: readonly ChainDefinition[] = [
  ...reportChains,
  ...programChains.flatMap(programChainNames).map((name) => ({ name })),
  { name: 'egress', hook: { name: 'forward', priority: egressPriority } },
  { name: 'ingress', hook: { name: 'forward', priority: ingressPriority } },
  { name: 'egress_again', hook: { name: 'forward', priority: egressAgainPriority } },
  { name: 'input', hook: { name: 'input', priority: egressPriority } },
  { name: 'input_again', hook: { name: 'input', priority: egressAgainPriority } },
  ...endedChainDefinitions,
];

/** What a table is made of, but for its elements. */
export interface TableLayout {
  /** Sets that hold the desired state and nothing else. */
  readonly sets: readonly SetDefinition[];
  /** Sets that fill while connections come and go; what is in them is no drift. */
  readonly runtimeSets: readonly SetDefinition[];
  /** Jump targets first. */
  readonly chains: readonly ChainDefinition[];
  /** In order within their chain. */
  readonly rules: readonly RuleDefinition[];
}

/** What the rules depend on beside the version. */
export interface RuleOptions {
  /** Beginnings of the names of interfaces that lead to pods and nowhere else. */
  readonly podInterfaces: readonly string[];
  /** Default `keep`. */
  readonly established?: EstablishedMode;
  /** Whether pods reach their own node whatever policies say. Default `by-policy`. */
  readonly podToOwnNode?: 'by-policy' | 'always';
  /** How many denied packets a second are reported in each direction; undefined: none. */
  readonly flowRate?: number | undefined;
}

const noHosts: HostShape = { maps: new Set(), podToHost: 'return' };

/** The layout of this version; chains of host endpoints are there only while some need them. */
export function tableLayout(options: RuleOptions, hosts: HostShape = noHosts): TableLayout {
  const { podInterfaces, established, flowRate } = options;
  const reports = flowRate !== undefined;
  const podToOwnNode = hosts.podToHost === 'drop' ? 'never' : (options.podToOwnNode ?? 'by-policy');
  const ofHosts = hostChains({ maps: hosts.maps, podInterfaces, normalAsksPods: hosts.podToHost === 'policy', reports });
  return {
    sets: setDefinitions,
    runtimeSets: endedSetDefinitions,
    chains: [...chainDefinitions, ...ofHosts.chains],
    rules: [
      ...(flowRate === undefined ? [] : reportRules(flowRate)),
      ...programRules({ reports }),
      ...baseRules({ podInterfaces, podToOwnNode, reports }),
      ...(established === 'cut' ? endedRules() : []),
      ...ofHosts.rules,
    ],
  };
}

/** The layouts of one process: the same one for the same hosts. */
export function layoutsOf(options: RuleOptions): (hosts: HostShape) => TableLayout {
  const layouts = new Map<string, TableLayout>();
  return (hosts) => {
    const key = `${[...hosts.maps].sort().join()} ${hosts.podToHost}`;
    const layout = layouts.get(key) ?? tableLayout(options, hosts);
    layouts.set(key, layout);
    return layout;
  };
}
