/** The traffic that an assertion is about, in classes that no policy tells apart: each is asked about by one of its ports. */
import { rulesOf, type TrafficClass, trafficClasses } from '@weir/connectivity';
import type { Endpoint, FlowQuestion, IcmpMessages, PolicyWorld } from '@weir/model';
import { type Family, type PortRange, portRangesContain, protocolNumber, subtractPortRanges, transportNumber } from '@weir/net';
import { type PortPattern, rangesOf } from './port-pattern.ts';

/** The traffic of one world. */
export class AskedTraffic {
  readonly #world: PolicyWorld;
  readonly #eachPort: boolean;
  readonly #all: Map<Family, readonly TrafficClass[]> = new Map();
  readonly #cut: Map<string, readonly TrafficClass[]> = new Map();

  /** `eachPort`: ports that a rule lists are told apart from each other, as they must be where rules are changed. */
  constructor(world: PolicyWorld, eachPort: boolean) {
    this.#world = world;
    this.#eachPort = eachPort;
  }

  /** All traffic of a family. */
  all(family: Family): readonly TrafficClass[] {
    let all = this.#all.get(family);
    if (all !== undefined) return all;
    all = trafficClasses([this.#world], this.#world.endpoints, family);
    if (this.#eachPort) {
      for (const { protocol, range } of listedPorts(this.#world))
        all = all.flatMap((each) => cutBy(each, protocol ?? each.protocol, range));
    }
    this.#all.set(family, all);
    return all;
  }

  /** All traffic, cut so that each class lies in a pattern or outside of it; names are those of all pods. */
  cut(family: Family, patterns: readonly PortPattern[]): readonly TrafficClass[] {
    const key = JSON.stringify([family, patterns]);
    let classes = this.#cut.get(key);
    if (classes !== undefined) return classes;
    classes = this.all(family);
    for (const pattern of patterns) {
      const protocol = protocolOf(pattern, family);
      if (pattern.kind === 'icmp') classes = withMessage(classes, protocol, pattern.message);
      else for (const range of this.#numbers(pattern)) classes = classes.flatMap((each) => cutBy(each, protocol, range));
    }
    this.#cut.set(key, classes);
    return classes;
  }

  /** Of the classes those that the patterns mean at a destination; all where there is no pattern. */
  chosen(
    classes: readonly TrafficClass[],
    patterns: readonly PortPattern[],
    { destination, family }: { readonly destination: Endpoint | undefined; readonly family: Family },
  ): TrafficClass[] {
    if (patterns.length === 0) return [...classes];
    return classes.filter((each) => patterns.some((pattern) => isMeant(each, pattern, { destination, family })));
  }

  #numbers(pattern: PortPattern & { kind: 'range' | 'named' }): PortRange[] {
    if (pattern.kind === 'range') return [pattern.range];
    const named = this.#world.endpoints.flatMap(({ namedPorts }) => namedPorts);
    return named
      .filter(({ name, protocol }) => name === pattern.name && protocol === transportNumber(pattern.protocol))
      .map(({ port }) => ({ first: port, last: port }));
  }
}

/** The ports of every rule, each once. */
function listedPorts(world: PolicyWorld): readonly { readonly protocol: number | undefined; readonly range: PortRange }[] {
  const listed = rulesOf(world).flatMap(({ match: { protocol, destination } }) =>
    [...(destination.ports ?? []), ...(destination.notPorts ?? [])].map((range) => ({ protocol, range })),
  );
  return [...new Map(listed.map((each) => [JSON.stringify(each), each])).values()];
}

/** The class in the part inside of a range of a protocol's ports and the part outside, as far as there are any. */
function cutBy(traffic: TrafficClass, protocol: number, range: PortRange): TrafficClass[] {
  const { ports } = traffic;
  if (traffic.protocol !== protocol || ports === undefined) return [traffic];
  const outside = subtractPortRanges(ports, [range]);
  const inside = subtractPortRanges(ports, outside);
  return [inside, outside].flatMap((part) => {
    const port = traffic.port !== undefined && portRangesContain(part, traffic.port) ? traffic.port : part[0]?.first;
    return port === undefined ? [] : [{ ...traffic, ports: part, port }];
  });
}

function isMeant(
  traffic: TrafficClass,
  pattern: PortPattern,
  { destination, family }: { readonly destination: Endpoint | undefined; readonly family: Family },
): boolean {
  if (traffic.isRest === true || traffic.protocol !== protocolOf(pattern, family)) return false;
  if (pattern.kind === 'range') return rangesOf([pattern], traffic.protocol).some(({ first, last }) => lies(traffic.port, first, last));
  if (pattern.kind === 'named')
    return (destination?.namedPorts ?? []).some(
      ({ name, protocol, port }) => name === pattern.name && protocol === traffic.protocol && port === traffic.port,
    );
  const { message } = pattern;
  return message === undefined || (traffic.icmp?.type === message.type && traffic.icmp.code === message.code);
}

/** The classes with one of the message alone; where none is told from others yet, with one for all others. */
function withMessage(
  classes: readonly TrafficClass[],
  protocol: number,
  message: Required<IcmpMessages> | undefined,
): readonly TrafficClass[] {
  const isOther = (each: TrafficClass): boolean => each.protocol !== protocol || each.isRest === true;
  const own = classes.filter((each) => !isOther(each));
  if (message === undefined || own.some(({ icmp }) => icmp?.type === message.type && icmp.code === message.code)) return classes;
  const rest = own.flatMap((each) => (each.icmp === undefined ? { protocol, icmp: { type: message.type === 8 ? 0 : 8, code: 0 } } : each));
  return [...classes.filter(isOther), { protocol, icmp: message }, ...rest];
}

function lies(port: number | undefined, first: number, last: number): boolean {
  return port !== undefined && port >= first && port <= last;
}

function protocolOf(pattern: PortPattern, family: Family): number {
  if (pattern.kind !== 'icmp') return transportNumber(pattern.protocol);
  return family === 4 ? protocolNumber.ICMP : protocolNumber.ICMPv6;
}

/** A packet of the class. */
export function packetOf({ protocol, port, sourcePort, icmp }: TrafficClass): Omit<FlowQuestion, 'source' | 'destination'> {
  return {
    protocol,
    ...(port === undefined ? {} : { destinationPort: port }),
    ...(sourcePort === undefined ? {} : { sourcePort }),
    ...(icmp === undefined ? {} : { icmp }),
  };
}
