/** Whether what a peer means is a part of what another one means. */
import type { AddressGroupName, Side } from '@weir/model';
import { type AddressRange, compareAddresses } from '@weir/net';
import { selectorIncludes } from '../../context/selector-includes.ts';

/** Whether each of some ends is within one of others; of nobody nothing is said. */
export function coversSides(outer: readonly Side[], inner: readonly Side[]): boolean {
  return outer.length > 0 && inner.length > 0 && inner.every((side) => isSomebody(side) && outer.some((one) => coversSide(one, side)));
}

/** Whether all of some ranges is in others; all of them are sorted and disjoint. */
export function isWithinRanges(inner: readonly AddressRange[], outer: readonly AddressRange[]): boolean {
  let at = 0;
  return inner.every(({ first, last }) => {
    for (let one = outer[at]; one !== undefined && compareAddresses(one.last, first) < 0; one = outer[at]) at += 1;
    const over = outer[at];
    return over !== undefined && compareAddresses(over.first, first) <= 0 && compareAddresses(last, over.last) <= 0;
  });
}

/** Whether every name that fits a pattern fits another one; `*` is every name, `**.` at the beginning one label or more. */
export function coversName(outer: string, inner: string): boolean {
  if (outer === inner || outer === '*') return true;
  return outer.startsWith('**.') && !inner.startsWith('*') && inner.endsWith(outer.slice(2)) && inner.length > outer.length - 2;
}

function isSomebody({ selector, nets, nodes }: Side): boolean {
  return selector?.kind !== 'none' && nets?.length !== 0 && nodes?.length !== 0;
}

/** What the outer end does not ask holds; what it asks has to follow from what the inner one asks. */
function coversSide(outer: Side, inner: Side): boolean {
  const { selector, nets, nodes, node, outside, groups, ...others } = outer;
  return (
    (selector === undefined || (inner.selector !== undefined && selectorIncludes(selector, inner.selector))) &&
    (nets === undefined || (inner.nets !== undefined && isWithinRanges(inner.nets, nets))) &&
    (nodes === undefined || (inner.nodes !== undefined && isWithinRanges(inner.nodes, nodes))) &&
    (node === undefined || node === inner.node) &&
    (outside === undefined || inner.outside === true) &&
    (groups === undefined || (inner.groups?.every((group) => groups.some((one) => coversGroup(one, group))) ?? false)) &&
    Object.values(others).every((asked) => asked === undefined)
  );
}

function coversGroup(outer: AddressGroupName, inner: AddressGroupName): boolean {
  if (outer === inner) return true;
  const [domain, name] = [outer, inner].map((group) => (group.startsWith('domain/') ? group.slice('domain/'.length) : undefined));
  return domain !== undefined && name !== undefined && coversName(domain, name);
}
