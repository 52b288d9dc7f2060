/** One end of a rule by its labels, as the alternatives of which each is a peer of its own. */
import { normaliseSelector, type Selector, type Side } from '@weir/model';
import { matchesNobody } from './write-rules.ts';
import { NoWords } from './written-policy.ts';

/** The alternatives; throws {@link NoWords} where no list of peers says the same. */
export function podAlternatives({ selector, notSelector, nets, notNets }: Side): readonly Selector[] {
  if (nets !== undefined || notNets !== undefined) throw new NoWords('it asks for labels and addresses of one peer');
  if (selector === undefined) throw new NoWords('it excludes pods by their labels and means everybody else');
  const wanted = normaliseSelector(
    notSelector === undefined ? selector : { kind: 'and', of: [selector, { kind: 'not', of: notSelector }] },
  );
  if (wanted.kind === 'or') return ofSomebody(wanted.of);
  if (wanted.kind !== 'and') return [wanted];
  const choice = wanted.of.find(({ kind }) => kind === 'or');
  if (choice?.kind !== 'or') return [wanted];
  return ofSomebody(choice.of.map((one) => ({ kind: 'and', of: [...wanted.of.filter((part) => part !== choice), one] })));
}

/** A list of peers without any is everybody's: then there is none. */
function ofSomebody(alternatives: readonly Selector[]): readonly Selector[] {
  const found = alternatives.filter((one) => !matchesNobody(one));
  if (found.length === 0) throw new NoWords('it matches no pod');
  return found;
}
