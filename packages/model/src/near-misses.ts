/**
 * What would have allowed a denied flow: the concrete label to set, the port or the namespace to
 * use. Read off the trace, from allow rules of which every failing condition can be changed, and
 * which are asked before what denied: those behind it change nothing. Whether a change helps is tried: a label may bring
 * the pod under other policies, and what one end wants of a port the other may deny.
 */
import { type PortRange, unreachable } from '@weir/net';
import type { Direction, Selector } from './model.ts';
import { namespaceNameKey } from './selector-truth.ts';
import type { Change, DirectionVerdict, Mismatch, NearMiss, PolicyTrace, RuleTrace, SideName } from './verdict.ts';

/** More than this many changes together are no near miss, and no longer list is given. */
const maxChanges = 3;
const maxNearMisses = 5;
/** So many of the nearest are tried. */
const maxTried = 50;

/** A direction that denies, with the policies that were asked in it, in their order. */
export interface DeniedDirection {
  readonly decidedBy?: DirectionVerdict['decidedBy'];
  readonly trace: readonly PolicyTrace[];
}

/** What the changes do: nobody denies the flow then, or fewer than now and none that allows it now; else they do not help. */
export type HelpTest = (changes: readonly Change[]) => 'enough' | 'in part' | 'no';

/** A near miss that was not tried yet. */
type Untried = Omit<NearMiss, 'isEnough'>;

/** The nearest allow rules of what denies whose changes help, fewest changes first; at most five. `trace`: all that was looked at. */
export function nearMissesOf(denied: readonly DeniedDirection[], trace: readonly PolicyTrace[], helps: HelpTest): NearMiss[] {
  const misses: Untried[] = [];
  for (const { direction, rule, matched, mismatches } of denied.flatMap(askedBefore)) {
    if (rule.action !== 'allow' || matched !== 'no') continue;
    const changes = changesFor(mismatches);
    if (changes !== undefined && changes.length <= maxChanges) misses.push({ direction, rule, changes });
  }
  const ports = trace.flatMap(({ rules }) => rules.flatMap(({ rule }) => rule.match.destination.ports ?? [])).slice(0, maxTried);
  const found: NearMiss[] = [];
  for (const miss of misses.sort((a, b) => cost(a) - cost(b)).slice(0, maxTried)) {
    const changes = helpfulChanges(miss.changes, ports, helps);
    if (changes !== undefined) found.push({ ...miss, changes, isEnough: helps(changes) === 'enough' });
    if (found.length === maxNearMisses) break;
  }
  return found;
}

/** The changes with those of the ports that help; undefined where they do not. `elsewhere`: ports that rules of any end want. */
function helpfulChanges(changes: readonly Change[], elsewhere: readonly PortRange[], helps: HelpTest): readonly Change[] | undefined {
  const change = changes.find((candidate) => candidate.kind === 'use port');
  if (change === undefined) return helps(changes) === 'no' ? undefined : changes;
  const withPorts = (ports: readonly PortRange[]): readonly Change[] => changes.map((one) => (one === change ? { ...change, ports } : one));
  const isHelpful = (port: number): boolean => helps(withPorts([{ first: port, last: port }])) !== 'no';
  const whole = change.ports.filter(({ first, last }) => isHelpful(first) && (first === last || isHelpful(last)));
  if (whole.length > 0) return withPorts(whole);
  // Of a wide range the other end may want one port only.
  const single = elsewhere
    .map(({ first }) => first)
    .find((port) => change.ports.some(({ first, last }) => first <= port && port <= last) && isHelpful(port));
  return single === undefined ? undefined : withPorts([{ first: single, last: single }]);
}

/** The rules that are asked before what decided. */
function askedBefore({ decidedBy, trace }: DeniedDirection): (RuleTrace & { readonly direction: Direction })[] {
  // Policies without an order are closed whatever their rules say.
  if (decidedBy?.reason === 'no order') return [];
  const lastOfTier = decidedBy?.reason === 'end of tier' ? trace.findLastIndex(({ tier }) => tier === decidedBy.tier) : trace.length - 1;
  const rules = trace.slice(0, lastOfTier + 1).flatMap(({ direction, rules: own }) => own.map((each) => ({ ...each, direction })));
  const end = decidedBy?.reason === 'rule' ? rules.findIndex(({ rule }) => rule === decidedBy.rule) : -1;
  return end < 0 ? rules : rules.slice(0, end);
}

/** Labels of the pod are the nearest, another namespace or its labels further away. */
function cost({ changes }: Untried): number {
  return changes.reduce(
    (sum, change) => sum + ('space' in change && change.space === 'pod' ? 1 : change.kind === 'move to namespace' ? 2 : 1.5),
    0,
  );
}

/** What to change so that all conditions hold, or undefined when one cannot be changed. */
function changesFor(mismatches: readonly Mismatch[]): Change[] | undefined {
  const changes: Change[] = [];
  for (const mismatch of mismatches) {
    const needed = changesForOne(mismatch);
    if (needed === undefined) return undefined;
    changes.push(...needed);
  }
  return changes;
}

function changesForOne(mismatch: Mismatch): Change[] | undefined {
  switch (mismatch.kind) {
    case 'label':
      return changesForSelector(mismatch.wanted, mismatch.side);
    case 'port':
      return changesForPort(mismatch);
    case 'protocol':
      return [{ kind: 'use protocol', protocol: mismatch.wanted }];
    case 'notProtocol':
    case 'icmp':
    case 'notPort':
    case 'family':
    case 'net':
    case 'group':
    case 'node':
    case 'outside':
    case 'notAnEndpoint':
    case 'notSelector':
    case 'missingFact':
      return undefined;
    default:
      return unreachable(mismatch);
  }
}

function changesForPort({ side, wanted, wantedNames, named }: Mismatch & { kind: 'port' }): Change[] | undefined {
  const ports: PortRange[] = [...wanted, ...named.map(({ port }) => ({ first: port, last: port }))];
  if (ports.length > 0) return [{ kind: 'use port', side, ports }];
  return wantedNames.length === 0 ? undefined : [{ kind: 'name port', side, names: wantedNames }];
}

function changesForSelector(selector: Selector, side: SideName): Change[] | undefined {
  switch (selector.kind) {
    case 'in':
    case 'notIn':
    case 'text':
    case 'exists':
    case 'absent':
      return changeForLabel(selector, side);
    case 'or':
      return cheapest(selector.of.map((part) => changesForSelector(part, side)));
    case 'and': {
      const parts = selector.of.map((part) => changesForSelector(part, side));
      return parts.some((part) => part === undefined) ? undefined : parts.flatMap((part) => part ?? []);
    }
    case 'all':
      return [];
    case 'none':
    case 'not':
      return undefined;
    default:
      return unreachable(selector);
  }
}

function changeForLabel(
  selector: Selector & { kind: 'in' | 'notIn' | 'text' | 'exists' | 'absent' },
  side: SideName,
): Change[] | undefined {
  const { space, key } = selector.label;
  if (space === 'reserved') {
    return selector.kind === 'in' && key === 'namespace' ? [{ kind: 'move to namespace', side, namespaces: selector.values }] : undefined;
  }
  if (space === 'serviceAccount') return undefined;
  // The API server sets this label to the namespace's name and takes no other value.
  if (space === 'namespace' && key === namespaceNameKey) {
    return selector.kind === 'in' ? [{ kind: 'move to namespace', side, namespaces: selector.values }] : undefined;
  }
  switch (selector.kind) {
    case 'in':
      return [{ kind: 'set label', side, space, key, values: selector.values }];
    case 'text':
      // The text itself begins with, ends with and contains itself.
      return [{ kind: 'set label', side, space, key, values: [selector.value] }];
    case 'exists':
      return [{ kind: 'set label', side, space, key }];
    case 'notIn':
      return [{ kind: 'avoid label', side, space, key, values: selector.values }];
    case 'absent':
      return [{ kind: 'remove label', side, space, key }];
    default:
      return unreachable(selector);
  }
}

function cheapest(alternatives: readonly (Change[] | undefined)[]): Change[] | undefined {
  let best: Change[] | undefined;
  for (const alternative of alternatives) {
    if (alternative !== undefined && (best === undefined || alternative.length < best.length)) best = alternative;
  }
  return best;
}
