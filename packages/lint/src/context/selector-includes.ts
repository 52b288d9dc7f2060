/** Whether one selector matches everybody that another one matches, as far as their texts tell. */
import { type Selector, selectorText } from '@weir/model';
import { unreachable } from '@weir/net';

type LabelTest = Extract<Selector, { readonly label: unknown }>;

/** True only where it is certain whatever pods there are; both selectors are in normal form. */
export function selectorIncludes(outer: Selector, inner: Selector): boolean {
  if (outer.kind === 'all') return true;
  if (inner.kind === 'or') return inner.of.every((part) => selectorIncludes(outer, part));
  if (outer.kind === 'and') return outer.of.every((part) => selectorIncludes(part, inner));
  if (selectorText(outer) === selectorText(inner)) return true;
  if (inner.kind === 'and' && inner.of.some((part) => selectorIncludes(outer, part))) return true;
  if (outer.kind === 'or') return outer.of.some((part) => selectorIncludes(part, inner));
  return 'label' in outer && 'label' in inner && testIncludes(outer, inner);
}

function testIncludes(outer: LabelTest, inner: LabelTest): boolean {
  if (outer.label.space !== inner.label.space || outer.label.key !== inner.label.key) return false;
  switch (outer.kind) {
    case 'in':
      return inner.kind === 'in' && inner.values.every((value) => outer.values.includes(value));
    case 'notIn':
      if (inner.kind === 'in') return !inner.values.some((value) => outer.values.includes(value));
      return inner.kind === 'absent' || (inner.kind === 'notIn' && outer.values.every((value) => inner.values.includes(value)));
    case 'exists':
      return inner.kind === 'in' || inner.kind === 'text';
    case 'absent':
    case 'text':
      return false;
    default:
      return unreachable(outer);
  }
}
