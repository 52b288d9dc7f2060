/** Tries every case of every kind on one back end, each on real packets: what is in force is obeyed, what is refused is closed. */
import { type EngineName, systemOf } from '@weir/model';
import type { BackEnd } from '../packets/back-ends.ts';
import { PacketNetwork } from '../packets/packet-network.ts';
import { flowsOfText, type TextFlow } from './flow-text.ts';
import { type ExpectedFlows, FlowTrial } from './flow-trial.ts';
import { manifestOf, type SupportCase, type SupportedKind } from './support-case.ts';
import { enforcingNode, objectsOf, supportWorld } from './support-world.ts';
import { type Application, SupportedNode } from './supported-node.ts';

/** What a case came to; without reasons it is enforced. */
export interface SupportResult {
  readonly kind: SupportedKind;
  readonly tried: SupportCase;
  readonly reasons: readonly string[];
}

/** Results in the order of the cases, and what went otherwise than it should, in words. */
export interface TriedKinds {
  readonly results: readonly SupportResult[];
  readonly wrong: readonly string[];
}

/** Tries the kinds on a network of its own, one engine after the other. */
export async function tryKinds(backEnd: BackEnd, kinds: readonly SupportedKind[]): Promise<TriedKinds> {
  const network = new PacketNetwork();
  let trial: FlowTrial | undefined;
  try {
    network.realise(supportWorld);
    trial = new FlowTrial(network);
    const tried: TriedKinds[] = [];
    const engineOf = ({ engine, windowsEngine = engine }: SupportedKind): EngineName =>
      systemOf(backEnd.name) === 'windows' ? windowsEngine : engine;
    for (const engine of new Set(kinds.map(engineOf))) {
      const ofEngine = kinds.filter((kind) => engineOf(kind) === engine);
      tried.push(await new EngineTrial({ network, trial, backEnd, engine }).run(ofEngine));
    }
    return { results: tried.flatMap(({ results }) => results), wrong: tried.flatMap(({ wrong }) => wrong) };
  } finally {
    trial?.close();
    network.close();
  }
}

interface TrialParts {
  readonly network: PacketNetwork;
  readonly trial: FlowTrial;
  readonly backEnd: BackEnd;
  readonly engine: EngineName;
}

/** One engine on one back end. */
class EngineTrial {
  readonly #parts: TrialParts;
  readonly #results: SupportResult[] = [];
  readonly #wrong: string[] = [];

  constructor(parts: TrialParts) {
    this.#parts = parts;
  }

  async run(kinds: readonly SupportedKind[]): Promise<TriedKinds> {
    const { network, backEnd, engine } = this.#parts;
    const cases = kinds.flatMap((kind) => kind.cases.map((tried) => ({ kind, tried })));
    const node = new SupportedNode(network, { backEnd, engine });
    try {
      await this.#tryWithoutPolicies(node, cases);
      for (const { kind, tried } of cases) await this.#try(node, kind, tried);
    } finally {
      await node.close();
    }
    return { results: this.#results, wrong: this.#wrong };
  }

  /** Every flow that a policy is to stop arrives while there is none. */
  async #tryWithoutPolicies(node: SupportedNode, cases: readonly { readonly tried: SupportCase }[]): Promise<void> {
    await node.moveTo([]);
    const texts = new Set(cases.flatMap(({ tried }) => [...tried.allowed, ...tried.denied]));
    const found = await this.#parts.trial.differences({ allowed: [...texts].flatMap(flowsOfText), denied: [] });
    this.#wrong.push(...found.map((text) => `${this.#parts.engine} without policies: ${text}`));
  }

  async #try(node: SupportedNode, kind: SupportedKind, tried: SupportCase): Promise<void> {
    const objects = objectsOf(manifestOf(kind, tried));
    let application = await node.moveTo(objects);
    if (application.refusals.length > 0) {
      // What is refused leaves in force what was: here that is nothing.
      await node.moveTo([]);
      application = await node.moveTo(objects);
    }
    this.#results.push({ kind, tried, reasons: application.refusals });
    const unexpected = this.#unexpected(tried, application);
    const found = [...unexpected, ...(await this.#parts.trial.differences(expectedOf(tried, application)))];
    this.#wrong.push(...found.map((text) => `${kind.kind}, ${tried.feature}: ${text}`));
  }

  #unexpected({ isRefused }: SupportCase, { refusals }: Application): readonly string[] {
    if (isRefused === true) return refusals.length > 0 ? [] : ['it is in force and should be refused'];
    return this.#parts.backEnd.name === 'nftables' ? refusals.map((reason) => `refused: ${reason}`) : [];
  }
}

/**
 * Where a case is refused that is enforced elsewhere, nobody is let through where a program of the refused policy stands
 * in the way; for a node nothing is closed or opened. Where only a part of its objects is refused, the others may allow what they do.
 */
function expectedOf(tried: SupportCase, { endpoints, quarantined, refusals, isPartly }: Application): ExpectedFlows {
  const allowed = tried.allowed.flatMap(flowsOfText);
  const denied = tried.denied.flatMap(flowsOfText);
  if (refusals.length === 0 || tried.isRefused === true) return { allowed, denied };
  if (tried.isAboutNodes === true) return { allowed: [...allowed, ...denied], denied: [] };
  if (isPartly) return { allowed: [], denied };
  const isClosed = (program: string | undefined): boolean => program !== undefined && (quarantined.size === 0 || quarantined.has(program));
  // A node always reaches its own pods.
  const isStopped = ({ from, to }: TextFlow): boolean =>
    (from !== enforcingNode && isClosed(endpoints.get(to)?.ingress)) || isClosed(endpoints.get(from)?.egress);
  return { allowed: allowed.filter((flow) => !isStopped(flow)), denied: [...denied, ...allowed.filter(isStopped)] };
}
