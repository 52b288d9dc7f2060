/** Metrics of the engine and of what it has put into the kernel. */
import type { Engine } from '@weir/calc';
import type { KernelSizes } from '@weir/dataplane';
import type { EnforcementState } from '../enforcement/enforcement-state.ts';
import type { EstablishedCounts } from '../enforcement/established-connections.ts';
import { byLabel, counter, gauge, type MetricFamily } from './metric-family.ts';

/** What these metrics are read from. */
export interface EnforcementFacts {
  readonly engine: Engine;
  readonly state: EnforcementState;
  readonly sizes: KernelSizes;
  readonly connections: EstablishedCounts;
  /** How many pods' own rules cannot be enforced. */
  readonly quarantined: number;
  /** How many host endpoints there are, and how many of them are not enforced. */
  readonly hosts: { readonly known: number; readonly refused: number };
  /** How many pods the start gate has attached. */
  readonly attached: number;
}

/** All of them. */
export function enforcementMetrics({
  engine,
  state,
  sizes,
  connections,
  quarantined,
  hosts,
  attached,
}: EnforcementFacts): readonly MetricFamily[] {
  const { totals } = state;
  const refused = engine.refusedPolicies();
  const refusedBy = { accepted: 0, closed: 0, nothing: 0, elsewhere: 0 };
  for (const { inForce } of refused) refusedBy[inForce]++;
  return [
    gauge('weir_in_force', 'Whether a whole state is in the kernel since this process started.', state.inForce),
    counter('weir_transactions_total', 'Transactions that changed the kernel.', state.transactions),
    counter('weir_failures_total', 'Changes or comparisons that the kernel refused; each is tried again.', totals.failures),
    counter('weir_retries_total', 'Changes that were sent again after a failure.', totals.retries),
    gauge('weir_failures_in_a_row', 'Failures since something came through; 0 is good.', state.failuresInARow),
    gauge('weir_kernel_rules', 'Rules in the kernel.', sizes.rules),
    gauge('weir_kernel_sets', 'Sets and maps in the kernel.', sizes.sets),
    gauge('weir_kernel_elements', 'Members of all sets and maps in the kernel.', sizes.elements),
    counter('weir_elements_added_total', 'Set elements added in the kernel.', totals.elementsAdded),
    counter('weir_elements_removed_total', 'Set elements removed from the kernel.', totals.elementsRemoved),
    counter('weir_comparisons_total', 'Comparisons of the kernel with what it shall hold.', totals.comparisons),
    counter('weir_drifts_total', 'Comparisons that found something of somebody else.', totals.drifts),
    counter('weir_drift_repairs_total', 'Drifts after which the kernel was put right.', totals.repairs),
    counter('weir_connections_ended_total', 'Connections that were ended because a new state denies them.', connections.ended),
    gauge('weir_objects', 'What the engine keeps, by kind of object.', byLabel('kind', { ...engine.sizes })),
    gauge('weir_endpoints_attached', 'Pods of this node that the start gate has attached.', attached),
    gauge('weir_endpoints_quarantined', 'Pods whose own rules cannot be enforced; they are closed.', quarantined),
    gauge('weir_host_endpoints', 'Host endpoints of this node that policies are about.', hosts.known),
    gauge('weir_host_endpoints_refused', 'Host endpoints whose policies are not enforced as they say.', hosts.refused),
    gauge(
      'weir_policies_refused',
      'Policies whose newest version is refused, by what is in force instead: the accepted version, closed, nothing, or itself elsewhere (but for pods that policies without an order with it select).',
      byLabel('in_force', refusedBy),
    ),
    gauge(
      'weir_policies_partly_known',
      'Policies in force without fields that this release does not know; nothing is let through by such fields.',
      engine.partlyKnownPolicies().length,
    ),
  ];
}
