/**
 * Which connections have to be looked at when the state changes, and whether they may go on: the
 * option `--established=cut`.
 *
 * A look costs a walk through the node's connection-tracking table, so it is taken only when a change
 * can deny something, for all changes since the last look together, and never more than a fifth of
 * the time. Connections are looked at twice: one that was under way when the rules changed may appear
 * in the table just behind the first look.
 */
import { type ContentKey, type Delta, type Engine, isDenied, judgeFlow, type LocalEndpoint, type Program } from '@weir/calc';
import type { Dataplane } from '@weir/dataplane';
import { type Address, type Flow, formatAddress } from '@weir/net';

/** The least time between two looks, and how many times longer than a look the pause behind it is. */
const pauseMsMin = 50;
const pauseFactor = 4;

/** What is needed to judge a connection. */
export interface EstablishedConnectionsOptions {
  readonly engine: Engine;
  readonly dataplane: Dataplane;
  readonly isOwnAddress: (address: Address) => boolean;
  /** Whether the endpoint's rules are not those of the engine's state. */
  readonly isQuarantined: (uid: string) => boolean;
}

/** What was done so far; plain numbers that only grow. */
export interface EstablishedCounts {
  readonly looks: number;
  readonly ended: number;
}

/** The connections of one node. */
export class EstablishedConnections {
  readonly #options: EstablishedConnectionsOptions;
  readonly #endpoints = new Map<string, LocalEndpoint>();
  readonly #classes = new Map<string, ContentKey>();
  /** Programs in which a peer that comes into a set can lose something. */
  readonly #excluding = new Set<ContentKey>();
  /** Addresses to look at, by their text. */
  #affected = new Map<string, Address>();
  #again = new Map<string, Address>();
  #holdsBack = false;
  #wantsRelease = false;
  #nextAtMs = 0;
  #counts: EstablishedCounts = { looks: 0, ended: 0 };

  constructor(options: EstablishedConnectionsOptions) {
    this.#options = options;
  }

  get counts(): EstablishedCounts {
    return this.#counts;
  }

  /** A delta is in force. */
  applied(delta: Delta): void {
    for (const program of delta.programs.upserts) if (excludesPeers(program)) this.#excluding.add(program.key);
    for (const endpoint of delta.endpoints.upserts) this.#endpointChanged(endpoint);
    for (const { address, class: key } of delta.addresses.upserts) {
      const text = formatAddress(address);
      // Without exclusions, to come into sets is to be allowed more.
      if (this.#classes.has(text) || this.#excluding.size > 0) this.#affected.set(text, address);
      this.#classes.set(text, key);
    }
    for (const address of delta.addresses.removals) {
      if (this.#classes.delete(formatAddress(address))) this.#affected.set(formatAddress(address), address);
    }
    for (const uid of delta.endpoints.removals) this.#endpoints.delete(uid);
    for (const key of delta.programs.removals) this.#excluding.delete(key);
    this.#wantsRelease = this.#holdsBack;
  }

  /** How long until the next look has to be taken; undefined when there is nothing to look at. */
  dueInMs(): number | undefined {
    if (this.#affected.size === 0 && this.#again.size === 0 && !this.#wantsRelease) return undefined;
    return Math.max(0, this.#nextAtMs - performance.now());
  }

  /** Takes a look; rejects with the data plane's error, and then what was to be looked at still is. */
  async look(): Promise<void> {
    const affected = this.#affected;
    const addresses = [...new Map([...this.#again, ...affected]).values()];
    const startedAtMs = performance.now();
    this.#nextAtMs = startedAtMs + pauseMsMin;
    const report = await this.#options.dataplane.endDenied({ addresses, isDenied: (flow) => this.#isDenied(flow) });
    const endedAtMs = performance.now();
    this.#nextAtMs = endedAtMs + Math.max(pauseMsMin, pauseFactor * (endedAtMs - startedAtMs));
    this.#affected = new Map();
    this.#again = affected;
    this.#holdsBack = report.heldBack > 0;
    this.#wantsRelease = false;
    this.#counts = { looks: this.#counts.looks + 1, ended: this.#counts.ended + report.ended };
  }

  #endpointChanged(endpoint: LocalEndpoint): void {
    const before = this.#endpoints.get(endpoint.uid);
    this.#endpoints.set(endpoint.uid, endpoint);
    if (endpoint.ingress === undefined && endpoint.egress === undefined) return;
    const sameRules = before?.ingress === endpoint.ingress && before?.egress === endpoint.egress;
    const known = new Set(sameRules ? before?.addresses.map(formatAddress) : []);
    for (const address of endpoint.addresses) {
      const text = formatAddress(address);
      if (!known.has(text)) this.#affected.set(text, address);
    }
  }

  #isDenied(flow: Flow): boolean {
    const { engine, isOwnAddress, isQuarantined } = this.#options;
    const { egress, ingress } = judgeFlow(engine.emittedState, flow, isOwnAddress);
    return isDenied({
      ...(egress === undefined || isQuarantined(egress.endpoint.uid) ? {} : { egress }),
      ...(ingress === undefined || isQuarantined(ingress.endpoint.uid) ? {} : { ingress }),
    });
  }
}

/** Whether a rule keeps peers out by a set that they are in. */
function excludesPeers({ tiers }: Program): boolean {
  return tiers.some(({ rules }) => rules.some(({ action, peer }) => action !== 'allow' || peer.some(({ negated }) => negated)));
}
