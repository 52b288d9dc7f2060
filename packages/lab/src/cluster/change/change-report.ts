/** What a change of a cluster's nodes has cost: how long nodes were away, pods without rules, services without an endpoint. */
import type { ClusterEngine } from '../cluster-engine.ts';

/** One node that was replaced, came or left. Times in milliseconds. */
export interface NodeReport {
  readonly name: string;
  /** It was there only meanwhile. */
  readonly temporary?: true;
  /** How long its pods took to go. */
  readonly drainMs?: number;
  /** From when its programs ended until it was ready again. */
  readonly absentMs?: number;
  /** From its first pod that could talk without rules until the rules of all its pods were in force. */
  readonly unprotectedMs?: number;
}

/** A service that was without a ready endpoint. */
export interface ServiceReport {
  readonly namespace: string;
  readonly name: string;
  /** The longest time without one. */
  readonly withoutEndpointsMs: number;
}

/** See the file's head. */
export interface ChangeReport {
  readonly engineChange?: { readonly from: ClusterEngine; readonly to: ClusterEngine };
  /** The longest of all nodes; absent when no engine came. */
  readonly unprotectedMs?: number;
  readonly nodes: readonly NodeReport[];
  readonly services: readonly ServiceReport[];
}

/** Collects a report while the change goes on. */
export class ReportBuilder {
  readonly #nodes = new Map<string, NodeReport>();

  note(name: string, facts: Omit<NodeReport, 'name'>): void {
    this.#nodes.set(name, { ...(this.#nodes.get(name) ?? { name }), ...facts });
  }

  build(engineChange: ChangeReport['engineChange'], services: readonly ServiceReport[]): ChangeReport {
    const nodes = [...this.#nodes.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const isInstalled = engineChange !== undefined && engineChange.to !== 'none';
    const unprotectedMs = Math.max(0, ...nodes.map((node) => node.unprotectedMs ?? 0));
    return {
      ...(engineChange === undefined ? {} : { engineChange }),
      ...(isInstalled ? { unprotectedMs } : {}),
      nodes,
      services,
    };
  }
}

/** The report for people, a line each. */
export function reportLines({ engineChange, unprotectedMs, nodes, services }: ChangeReport): readonly string[] {
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  return [
    ...(engineChange === undefined ? [] : [`the engine was ${engineChange.from} and is ${engineChange.to}`]),
    ...(unprotectedMs === undefined ? [] : [`pods could talk without rules for ${seconds(unprotectedMs)} at most`]),
    ...nodes.map(({ name, temporary, drainMs, absentMs, unprotectedMs: open }) =>
      [
        `node ${name}${temporary === true ? ' (temporary)' : ''}`,
        ...(drainMs === undefined ? [] : [`drained in ${seconds(drainMs)}`]),
        ...(absentMs === undefined ? [] : [`away for ${seconds(absentMs)}`]),
        ...(open === undefined ? [] : [`unprotected for ${seconds(open)}`]),
      ].join(', '),
    ),
    ...services.map(
      ({ namespace, name, withoutEndpointsMs }) => `service ${namespace}/${name}, no endpoint for ${seconds(withoutEndpointsMs)}`,
    ),
  ];
}
