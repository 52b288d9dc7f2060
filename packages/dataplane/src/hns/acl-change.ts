/** What an endpoint's ACLs lose and gain from one list to the next; only lists of ours, which allow and then block the rest. */
import type { AclPolicy } from '@weir/kernel';

/** The ACLs of an endpoint before and after. Before there were any everything was allowed. */
export interface AclChange {
  readonly endpoint: string;
  readonly before: readonly AclPolicy[];
  readonly after: readonly AclPolicy[];
}

const directions = ['In', 'Out'] as const;

/** Whether a packet that the list of before let through may not pass any more. */
export function losesSomething(change: AclChange): boolean {
  return directions.some((direction) => difference(change, direction).loses);
}

/**
 * Whether one endpoint could let something out before another stops letting it in, or the other way
 * round: then a flow between them would pass that neither state allows.
 */
export function ordersAgainstEachOther(changes: readonly AclChange[]): boolean {
  const all = changes.map((change) => ({ in: difference(change, 'In'), out: difference(change, 'Out') }));
  const some = (test: (each: (typeof all)[number]) => boolean): boolean => all.some(test);
  return (
    (some((each) => each.in.gains) && some((each) => each.out.loses)) || (some((each) => each.out.gains) && some((each) => each.in.loses))
  );
}

/** The list that lets through what both lists let through, as far as they say it in the same words. */
export function narrowedAcls({ before, after }: AclChange): AclPolicy[] {
  const shared = directions.flatMap((direction) => {
    const [old, now] = [allowsOf(before, direction), allowsOf(after, direction)];
    const [base, other] = now.isOpen ? [before, old] : [after, old];
    const list = base.length === 0 ? after : base;
    const own = list.filter((acl) => acl.Direction === direction && acl.RuleType !== 'Host');
    if (old.isOpen || now.isOpen) return own;
    return own.filter((acl) => acl.Action === 'Block' || other.texts.has(textOf(acl)));
  });
  return [...after.filter(({ RuleType }) => RuleType === 'Host'), ...shared];
}

function difference({ before, after }: AclChange, direction: 'In' | 'Out'): { readonly loses: boolean; readonly gains: boolean } {
  const old = allowsOf(before, direction);
  const now = allowsOf(after, direction);
  const lacks = (some: Allows, others: Allows): boolean =>
    !others.isOpen && (some.isOpen || [...some.texts].some((text) => !others.texts.has(text)));
  return { loses: lacks(old, now), gains: lacks(now, old) };
}

interface Allows {
  readonly isOpen: boolean;
  readonly texts: ReadonlySet<string>;
}

function allowsOf(acls: readonly AclPolicy[], direction: 'In' | 'Out'): Allows {
  const own = acls.filter((acl) => acl.Direction === direction && acl.RuleType !== 'Host');
  return {
    isOpen: own.length === 0 || own.some((acl) => acl.Action === 'Allow' && textOf(acl) === everything),
    texts: new Set(own.filter(({ Action }) => Action === 'Allow').map(textOf)),
  };
}

/** What an ACL matches, whatever its id and priority. */
function textOf({ Protocols, LocalAddresses, RemoteAddresses, LocalPorts, RemotePorts }: AclPolicy): string {
  return JSON.stringify([Protocols, LocalAddresses, RemoteAddresses, LocalPorts, RemotePorts]);
}

const everything = JSON.stringify([null, null, null, null, null]);
