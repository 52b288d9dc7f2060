/** How the kinds of `projectcalico.org/v3` are named, printed and selected, where that differs from what is stored. */
import { calicoTierOrder } from '@weir/compile';
import { schemaWords } from '@weir/kube';

const { fields, number, oneOf, withDefault } = schemaWords;

/** What differs. */
export interface FormTraits {
  readonly schema?: schemaWords.Schema;
  readonly shortNames?: readonly string[];
  readonly columns?: readonly object[];
  /** Paths for field selectors. */
  readonly selectableFields?: readonly string[];
}

const column = (name: string, jsonPath: string, type = 'string'): object => ({ name, jsonPath, type });
const age = column('Age', '.metadata.creationTimestamp', 'date');

const policy: FormTraits = {
  columns: [column('Tier', '.spec.tier'), column('Order', '.spec.order', 'number'), age],
  selectableFields: ['.spec.tier'],
};

const traits: Readonly<Record<string, FormTraits>> = {
  networkpolicies: { ...policy, shortNames: ['cnp', 'caliconetworkpolicy'] },
  globalnetworkpolicies: { ...policy, shortNames: ['gnp', 'cgnp'] },
  stagednetworkpolicies: policy,
  stagedglobalnetworkpolicies: policy,
  tiers: {
    schema: fields({ order: withDefault(number, calicoTierOrder), defaultAction: withDefault(oneOf('Pass', 'Deny'), 'Deny') }),
    columns: [
      column('Order', '.spec.order', 'number'),
      column('DefaultAction', '.spec.defaultAction'),
      column('Status', ".status.conditions[?(@.type=='Ready')].status"),
      age,
    ],
  },
  hostendpoints: { columns: [column('Node', '.spec.node'), column('Interface', '.spec.interfaceName'), age] },
};

/** What differs for one kind. */
export function formTraits(plural: string): FormTraits {
  return (Object.hasOwn(traits, plural) ? traits[plural] : undefined) ?? {};
}
