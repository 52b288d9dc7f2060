/** The phase of a pod, from the states of its containers, as a kubelet decides it. Pure. */
import type { PodPhase } from '@weir/kube';
import { type ContainerFacts, isSidecar, type PodStatusFacts } from './status-facts.ts';

/** What counts for the phase. */
type PhaseFacts = Pick<PodStatusFacts, 'reported' | 'initContainers' | 'containers' | 'initialized' | 'ended' | 'failure'>;

/** How a container stands; `stopped` is one that has ended, also while it waits for its next start. */
type Standing = 'waiting' | 'running' | 'stopped';

/** The phase; a pod that has Succeeded or Failed stays so. */
export function podPhase(facts: PhaseFacts): PodPhase {
  const { failure } = facts;
  const before = facts.reported?.phase;
  if (before === 'Succeeded' || before === 'Failed') return before;
  if (failure !== undefined) return facts.ended ? 'Failed' : 'Running';
  const ordinary = facts.initContainers.filter(({ container }) => !isSidecar(container));
  if (ordinary.some((container) => hasFailed(container) && !container.restarts)) return 'Failed';
  if (isInitializing(facts)) return 'Pending';
  const standings = facts.containers.map(standingOf);
  if (standings.includes('waiting')) return 'Pending';
  if (standings.includes('running') || facts.initContainers.some(({ state }) => state.running !== undefined)) return 'Running';
  if (!facts.ended && facts.containers.some(({ restarts }) => restarts)) return 'Running';
  return facts.containers.some(hasFailed) ? 'Failed' : 'Succeeded';
}

function isInitializing({ initContainers, initialized }: PhaseFacts): boolean {
  return initContainers.some((facts) => {
    if (isSidecar(facts.container)) return !initialized && !facts.started && facts.state.terminated === undefined;
    return standingOf(facts) !== 'stopped';
  });
}

function standingOf({ state, lastState }: ContainerFacts): Standing {
  if (state.running !== undefined) return 'running';
  return state.terminated !== undefined || lastState.terminated !== undefined ? 'stopped' : 'waiting';
}

function hasFailed({ state, lastState }: ContainerFacts): boolean {
  if (state.running !== undefined) return false;
  return ((state.terminated ?? lastState.terminated)?.exitCode ?? 0) !== 0;
}
