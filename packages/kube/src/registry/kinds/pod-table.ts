/**
 * Pods as `kubectl get pods` prints them, by the rules of the real server's printer
 * (`pkg/printers/internalversion/printers.go`, printPod).
 */
import { column, objectAge, objectName } from '../define-resource.ts';
import { ageSince } from '../human-duration.ts';
import { type JsonObject, numberAt, objectAt, objectsAt, textAt } from '../json-object.ts';
import type { TableDefinition, TableRow } from '../resource-definition.ts';
import { conditionIsTrue } from './pod-defaults.ts';

/** The table of pods. */
export const podTable: TableDefinition = {
  columns: [
    column('Name'),
    column('Ready', 'string', 'The aggregate readiness state of this pod for accepting traffic.'),
    column('Status', 'string', 'The aggregate status of the containers in this pod.'),
    column(
      'Restarts',
      'string',
      'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
    ),
    column('Age'),
    column('IP(w)'),
    column('Node(w)'),
    column('Nominated Node(w)'),
    column('Readiness Gates(w)'),
  ],
  row: podRow,
};

/** What is gathered over the containers. */
interface Tally {
  ready: number;
  total: number;
  restarts: number;
  lastRestart: string;
  reason: string;
}

function podRow(pod: JsonObject, nowMs: number): TableRow {
  const spec = objectAt(pod, 'spec');
  const status = objectAt(pod, 'status');
  const phase = textAt(status, 'phase');
  const tally = tallyContainers(pod);
  const podIP = textAt(objectsAt(status, 'podIPs')[0], 'ip') || textAt(status, 'podIP');
  const restarts =
    tally.restarts !== 0 && tally.lastRestart !== ''
      ? `${tally.restarts} (${ageSince(tally.lastRestart, nowMs)} ago)`
      : `${tally.restarts}`;
  return {
    cells: [
      objectName(pod),
      `${tally.ready}/${tally.total}`,
      statusWord(pod, tally.reason),
      restarts,
      objectAge(pod, nowMs),
      podIP || '<none>',
      textAt(spec, 'nodeName') || '<none>',
      textAt(status, 'nominatedNodeName') || '<none>',
      readinessGates(pod),
    ],
    ...finishedCondition(phase),
  };
}

function finishedCondition(phase: string): Pick<TableRow, 'conditions'> {
  if (phase === 'Succeeded') {
    return { conditions: [{ type: 'Completed', status: 'True', reason: phase, message: 'The pod has completed successfully.' }] };
  }
  if (phase === 'Failed') return { conditions: [{ type: 'Completed', status: 'True', reason: phase, message: 'The pod failed.' }] };
  return {};
}

/** A pod that is being deleted is Terminating unless it has finished. */
function statusWord(pod: JsonObject, reason: string): string {
  if (textAt(objectAt(pod, 'metadata'), 'deletionTimestamp') === '') return reason;
  const status = objectAt(pod, 'status');
  if (textAt(status, 'reason') === 'NodeLost') return 'Unknown';
  const phase = textAt(status, 'phase');
  return phase === 'Succeeded' || phase === 'Failed' ? reason : 'Terminating';
}

function tallyContainers(pod: JsonObject): Tally {
  const spec = objectAt(pod, 'spec');
  const status = objectAt(pod, 'status');
  const sidecars = new Set(
    objectsAt(spec, 'initContainers')
      .filter((container) => container['restartPolicy'] === 'Always')
      .map((container) => textAt(container, 'name')),
  );
  const gated = objectsAt(status, 'conditions').some(
    (condition) => condition['type'] === 'PodScheduled' && condition['reason'] === 'SchedulingGated',
  );
  const tally: Tally = {
    ready: 0,
    total: objectsAt(spec, 'containers').length + sidecars.size,
    restarts: 0,
    lastRestart: '',
    reason: gated ? 'SchedulingGated' : textAt(status, 'reason') || textAt(status, 'phase'),
  };
  const sidecarTally: Tally = { ...tally };
  const initializing = tallyInitContainers(pod, sidecars, tally, sidecarTally);
  if (!initializing || conditionIsTrue(pod, 'Initialized')) {
    // Restarts of finished init containers do not count any more.
    tally.restarts = sidecarTally.restarts;
    tally.lastRestart = sidecarTally.lastRestart;
    tallyMainContainers(pod, tally);
  }
  return tally;
}

/** Walks the init containers up to the first that has not done its work; true when there is one. */
function tallyInitContainers(pod: JsonObject, sidecars: ReadonlySet<string>, tally: Tally, sidecarTally: Tally): boolean {
  const count = objectsAt(objectAt(pod, 'spec'), 'initContainers').length;
  for (const [i, container] of objectsAt(objectAt(pod, 'status'), 'initContainerStatuses').entries()) {
    const sidecar = sidecars.has(textAt(container, 'name'));
    addRestarts(tally, container);
    if (sidecar) addRestarts(sidecarTally, container);
    const state = objectAt(container, 'state');
    const terminated = objectAt(state, 'terminated');
    const waiting = textAt(objectAt(state, 'waiting'), 'reason');
    if (terminated !== undefined && (numberAt(terminated, 'exitCode') ?? 0) === 0) continue;
    if (sidecar && container['started'] === true) {
      if (container['ready'] === true) tally.ready++;
      continue;
    }
    if (terminated !== undefined) tally.reason = `Init:${terminationReason(terminated)}`;
    else if (waiting !== '' && waiting !== 'PodInitializing') tally.reason = `Init:${waiting}`;
    else tally.reason = `Init:${i}/${count}`;
    return true;
  }
  return false;
}

function tallyMainContainers(pod: JsonObject, tally: Tally): void {
  let hasRunning = false;
  for (const container of [...objectsAt(objectAt(pod, 'status'), 'containerStatuses')].reverse()) {
    addRestarts(tally, container);
    const state = objectAt(container, 'state');
    const waiting = textAt(objectAt(state, 'waiting'), 'reason');
    const terminated = objectAt(state, 'terminated');
    if (waiting !== '') tally.reason = waiting;
    else if (terminated !== undefined) tally.reason = terminationReason(terminated);
    else if (container['ready'] === true && objectAt(state, 'running') !== undefined) {
      hasRunning = true;
      tally.ready++;
    }
  }
  // One container has completed, others go on.
  if (tally.reason === 'Completed' && hasRunning) tally.reason = conditionIsTrue(pod, 'Ready') ? 'Running' : 'NotReady';
}

function terminationReason(terminated: JsonObject): string {
  const reason = textAt(terminated, 'reason');
  if (reason !== '') return reason;
  const signal = numberAt(terminated, 'signal') ?? 0;
  return signal === 0 ? `ExitCode:${numberAt(terminated, 'exitCode') ?? 0}` : `Signal:${signal}`;
}

function addRestarts(tally: Tally, container: JsonObject): void {
  tally.restarts += numberAt(container, 'restartCount') ?? 0;
  const finishedAt = textAt(objectAt(objectAt(container, 'lastState'), 'terminated'), 'finishedAt');
  if (finishedAt > tally.lastRestart) tally.lastRestart = finishedAt;
}

function readinessGates(pod: JsonObject): string {
  const gates = objectsAt(objectAt(pod, 'spec'), 'readinessGates');
  if (gates.length === 0) return '<none>';
  const met = gates.filter((gate) => conditionIsTrue(pod, textAt(gate, 'conditionType')));
  return `${met.length}/${gates.length}`;
}
