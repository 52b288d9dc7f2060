/** Traffic in groups that rules do not tell apart: one question for each is enough. */
import type { Rule, Side } from '@weir/model';
import { portRangesContain } from '@weir/net';
import type { TrafficClass } from '../connectivity/traffic-classes.ts';

/** For each class of traffic a text that is the same for traffic that the rules treat alike, whoever the ends are. */
export function trafficSigns(rules: readonly Rule[], traffic: readonly TrafficClass[]): readonly string[] {
  return traffic.map((one, at) => rules.map((rule) => signOf(rule, one, at)).join(''));
}

function signOf({ match: { protocol, notProtocol, icmp, notIcmp, source, destination } }: Rule, traffic: TrafficClass, at: number): string {
  if (protocol !== undefined && protocol !== traffic.protocol) return '-';
  const usual = [notProtocol, icmp, notIcmp, source.ports].every((asked) => asked === undefined) && isUsual(source) && isUsual(destination);
  if (!usual) return `(${at})`;
  if (destination.ports === undefined) return '+';
  return traffic.port !== undefined && portRangesContain(destination.ports, traffic.port) ? '+' : '-';
}

/** Whether nothing but numbers of ports is asked of what is sent; groups are of ports, too. */
function isUsual({ namedPorts, notPorts, notNamedPorts, groups }: Side): boolean {
  return [namedPorts, notPorts, notNamedPorts, groups].every((asked) => asked === undefined);
}

/** The classes of traffic in groups of equal texts. */
export function alikeTraffic(signs: readonly (readonly string[])[], count: number): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>();
  for (let at = 0; at < count; at++) {
    const key = signs.map((of) => of[at] ?? '').join('|');
    const found = groups.get(key);
    if (found === undefined) groups.set(key, [at]);
    else found.push(at);
  }
  return [...groups.values()];
}
