/** One back end on two nodes with pods: policies are put in force, flows and crafted packets are tried. */
import { RawSocket } from '@weir/kernel';
import type { NetworkPolicy } from '@weir/kube';
import { type Address, defined, parseAddress } from '@weir/net';
import { netpolPolicy as policy, type World, WorldEvaluator, type WorldFlow } from '@weir/testkit';
import type { BackEnd } from '../packets/back-ends.ts';
import { payloadOf } from '../packets/crafted-packet.ts';
import { PolicedNetwork } from '../packets/policed-network.ts';
import { type ExpectedFlow, probeFlows } from '../packets/probe-flows.ts';
import { nodeAddressOf, podEnd, twoNodeWorld } from '../packets/two-node-world.ts';

export const families = [4, 6] as const;
/** A host that is no node and no pod. */
export const outside = { 4: '203.0.113.10', 6: '2001:db8::10' } as const;
export const podA = { matchLabels: { pod: 'a' } };
export const denyAll: NetworkPolicy = policy('x', 'deny-all', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });

/** Whole packets from where one address is to where another one is. */
interface Crafted {
  readonly from: string;
  readonly to: string;
  readonly packets: readonly Buffer[];
  readonly protocol: number;
  readonly isIt: (payload: Buffer) => boolean;
  readonly expected: boolean;
}

/** The two nodes under one back end. */
export class SemanticsScene {
  readonly backEnd: BackEnd;
  #policed: PolicedNetwork | undefined;
  #world = twoNodeWorld({ policies: [] });

  constructor(backEnd: BackEnd) {
    this.backEnd = backEnd;
  }

  /** Makes the network. */
  open(): void {
    this.#policed = new PolicedNetwork(this.backEnd);
  }

  async close(): Promise<void> {
    await this.#policed?.close();
  }

  get policed(): PolicedNetwork {
    return defined(this.#policed, 'the network is open');
  }

  /** What is in force. */
  get world(): World {
    return this.#world;
  }

  /** Puts policies in force. */
  async enforce(...policies: readonly NetworkPolicy[]): Promise<void> {
    await this.moveTo(twoNodeWorld({ policies }));
  }

  /** Puts a world in force. */
  async moveTo(world: World): Promise<void> {
    this.#world = world;
    await this.policed.moveTo(world);
  }

  /** `from > to PROTOCOL port`, in both families; an end is a pod, `node-0`, `outside` or an address. */
  flows(text: string, allowed: boolean): ExpectedFlow[] {
    const [from = '', , to = '', protocol, port] = text.split(' ');
    return families.flatMap((family) => {
      const [source, destination] = [endOf(from, family), endOf(to, family)];
      if (source === undefined || destination === undefined) return [];
      const flow = {
        source,
        destination,
        protocol: protocol as WorldFlow['protocol'],
        ...(port !== undefined && { port: Number(port) }),
      };
      return [{ flow, allowed }];
    });
  }

  /** Tries everything at once, and asks the evaluator; the result names what went otherwise. */
  async differences(tried: { readonly allowed?: readonly string[]; readonly denied?: readonly string[] }): Promise<string[]> {
    const expected = [
      ...(tried.allowed ?? []).flatMap((text) => this.flows(text, true)),
      ...(tried.denied ?? []).flatMap((text) => this.flows(text, false)),
    ];
    const evaluator = new WorldEvaluator(this.world);
    const evaluated = expected.filter(({ flow, allowed }) => isUntranslated(flow) && evaluator.verdict(flow).allowed !== allowed);
    return [
      ...evaluated.map((each) => `the evaluator says otherwise: ${JSON.stringify(each)}`),
      ...(await probeFlows(this.policed.network, this.world, expected)).map((each) => JSON.stringify(each)),
    ];
  }

  /** Sends the packets and says whether one that `isIt` comes. */
  async arrives({ from, to, packets, protocol, isIt, expected }: Crafted): Promise<boolean> {
    const { family } = addressOf(from);
    const { network } = this.policed;
    const receiver = new RawSocket({ netns: network.holderOf(to), family, protocol });
    const sender = new RawSocket({ netns: network.holderOf(from), family });
    try {
      for (const packet of packets) sender.send(packet, addressOf(to));
      for (const end = performance.now() + (expected ? 10_000 : 400); performance.now() < end; await pause(10)) {
        for (let got = receiver.receive(); got !== undefined; got = receiver.receive()) if (isIt(payloadOf(family, got))) return true;
      }
      return false;
    } finally {
      receiver.close();
      sender.close();
    }
  }
}

/** The address that a text names; throws for any other text. */
export function addressOf(text: string): Address {
  return defined(parseAddress(text), text);
}

/** Gives what is on its way time to come. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function endOf(text: string, family: 4 | 6): WorldFlow['source'] | undefined {
  if (text.startsWith('node-')) return { kind: 'address', address: nodeAddressOf(Number(text.slice(5)), family) };
  if (text === 'outside') return { kind: 'address', address: outside[family] };
  if (text.includes('/')) return podEnd(text, family);
  return text.includes(':') === (family === 6) ? { kind: 'address', address: text } : undefined;
}

/** Whether the address and the port that it is sent to are those that policies are about. */
function isUntranslated({ destination, port }: WorldFlow): boolean {
  if (destination.kind === 'pod') return true;
  const known = families.flatMap((family) => [outside[family], nodeAddressOf(0, family), nodeAddressOf(1, family)]);
  return known.includes(destination.address) && (port ?? 0) <= 9_000;
}
