/**
 * Random worlds on every back end: each world and each of the states that it changes into is put into
 * force on all of them, one after the other on the same network, every pair of ends is tried on every
 * port with a real packet, and what arrives is what the oracle says.
 */
import { defined } from '@weir/net';
import { type HistoryState, renderFlow, renderWorld, shrinkSteps, type World } from '@weir/testkit';
import { probeArrivals } from '../packets/arrival-probe.ts';
import type { BackEnd } from '../packets/back-ends.ts';
import { PolicedNetwork } from '../packets/policed-network.ts';
import type { ExpectedFlow } from '../packets/probe-flows.ts';
import { type WorldFamily, worldFamilies } from './world-families.ts';

/** What to try. */
export interface FuzzOrder {
  readonly firstSeed: number;
  readonly worlds: number;
  /** States that follow each world. */
  readonly changes: number;
  /** Those that carry no world of the family are left out. */
  readonly backEnds: readonly BackEnd[];
  /** Default: NetworkPolicies alone. */
  readonly family?: WorldFamily;
  /** How long the manifest of a world that goes wrong is made smaller; default a minute. */
  readonly shrinkMs?: number;
  /** Told what became of each world, in one line, and at once of what went wrong. */
  readonly onWorld?: (line: string) => void;
  readonly onMismatch?: (report: string) => void;
  /** Ends the run early and takes its network away; what was found until then is returned. */
  readonly signal?: AbortSignal;
}

/** What was tried on one back end. */
export interface FuzzCount {
  readonly backEnd: string;
  states: number;
  flows: number;
  denied: number;
}

/** A run: counts per back end, and for each world that went wrong a report with seed, flows and a small manifest. */
export interface FuzzResult {
  readonly counts: readonly FuzzCount[];
  readonly mismatches: readonly string[];
}

/** Tries them all; a world that goes wrong on a back end ends there, and the next one begins. */
export async function fuzzWorlds(order: FuzzOrder): Promise<FuzzResult> {
  const { firstSeed, worlds, changes, onWorld, onMismatch, signal, shrinkMs = 60_000 } = order;
  const family = order.family ?? defined(worldFamilies[0], 'there is a family');
  const backEnds = order.backEnds.filter(({ name }) => family.backEnds.includes(name));
  const counts = backEnds.map(({ name }): FuzzCount => ({ backEnd: name, states: 0, flows: 0, denied: 0 }));
  const mismatches: string[] = [];
  const isInterrupted = (): boolean => signal?.aborted === true;
  for (let seed = firstSeed; seed < firstSeed + worlds && !isInterrupted(); seed++) {
    const history = family.historyOf(seed, changes);
    // A network of its own for each world: what differs is found again from its seed alone.
    const policed = new PolicedNetwork();
    try {
      for (const [i, backEnd] of backEnds.entries()) {
        if (isInterrupted()) break;
        const startedAt = performance.now();
        const count = defined(counts[i], 'each back end has a count');
        const before = count.flows;
        await policed.reset(backEnd);
        const found = await tryHistory(policed, { seed, history, family, backEnd, shrinkMs, isInterrupted }, count);
        if (found !== undefined) {
          mismatches.push(found);
          onMismatch?.(found);
        }
        const verdict = found === undefined ? 'agrees' : 'DIFFERS';
        onWorld?.(`seed ${seed} ${backEnd.name}: ${verdict}, ${count.flows - before} flows, ${seconds(startedAt)} s`);
      }
    } finally {
      await policed.close();
    }
  }
  return { counts, mismatches };
}

interface Trial {
  readonly seed: number;
  readonly history: readonly HistoryState[];
  readonly family: WorldFamily;
  readonly backEnd: BackEnd;
  readonly shrinkMs: number;
  readonly isInterrupted: () => boolean;
}

async function tryHistory(policed: PolicedNetwork, trial: Trial, count: FuzzCount): Promise<string | undefined> {
  const { seed, history, family, backEnd } = trial;
  for (const [step, state] of history.entries()) {
    if (trial.isInterrupted()) break;
    const world = family.expressibleOn(backEnd, state.world);
    await policed.moveTo(family.told(world));
    const flows = judgedFlows(world, family);
    const wrong = await probeArrivals(policed.network, world, flows);
    count.states++;
    count.flows += flows.length;
    count.denied += flows.filter(({ allowed }) => !allowed).length;
    const [first] = wrong;
    if (first === undefined) continue;
    const small = await shrink(policed, world, { ...trial, wrong: first });
    return [
      `${backEnd.name}, seed ${seed}, state ${step} (${state.change ?? 'start'}): ${wrong.length} of ${flows.length} flows differ from the oracle`,
      ...wrong
        .slice(0, 10)
        .map(({ flow, allowed }) => `  ${renderFlow(flow)}: ${allowed ? 'allowed, but did not arrive' : 'denied, but arrived'}`),
      small === undefined ? 'from nothing the state is right: what matters is the state before' : 'the smallest manifest that fails:',
      renderWorld(family.told(small ?? world)),
    ].join('\n');
  }
  return undefined;
}

/** All flows of which an end is a pod, with what the oracle says. */
function judgedFlows(world: World, family: WorldFamily): ExpectedFlow[] {
  const oracle = family.judge(world);
  return family
    .flowsOf(world)
    .filter(({ source, destination }) => source.kind === 'pod' || destination.kind === 'pod')
    .map((flow) => ({ flow, allowed: oracle.verdict(flow).allowed }));
}

/** The smallest world found in the time on which the flow goes wrong again; undefined when the whole one does not. */
async function shrink(
  policed: PolicedNetwork,
  world: World,
  { family, backEnd, shrinkMs, isInterrupted, wrong }: Trial & { readonly wrong: ExpectedFlow },
): Promise<World | undefined> {
  const fails = async (candidate: World): Promise<boolean> => {
    try {
      await policed.reset(backEnd);
      await policed.moveTo(family.told(candidate));
      const flow = { flow: wrong.flow, allowed: family.judge(candidate).verdict(wrong.flow).allowed };
      return flow.allowed === wrong.allowed && (await probeArrivals(policed.network, candidate, [flow])).length > 0;
    } catch {
      return false;
    }
  };
  if (!(await fails(world))) return undefined;
  const steps = shrinkSteps(world);
  let smallest = world;
  const deadline = performance.now() + shrinkMs;
  for (let step = steps.next(); step.done !== true && performance.now() < deadline && !isInterrupted(); ) {
    const still = await fails(step.value);
    if (still) smallest = step.value;
    step = steps.next(still);
  }
  return smallest;
}

function seconds(startedAt: number): string {
  return ((performance.now() - startedAt) / 1000).toFixed(1);
}
