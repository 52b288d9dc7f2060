/**
 * `projectcalico.org/v3` as an API of its own over what is stored in `crd.projectcalico.org/v1`: what Calico's own API
 * server does. Each kind is served as long as its definition in the other group is established.
 *
 * Names, columns, defaults and validation are v3's. An object that calicoctl up to 3.31 stored under the name of its tier
 * (`default.web`) is found under its own (`web`); new ones are stored under their own, as by 3.32.
 */
import type { OtherForms } from '@weir/apiserver';
import {
  type CalicoKind as CompiledKind,
  defaultCalicoObject,
  isCalicoKind,
  isTieredCalicoKind,
  readStoredForm,
  validateCalicoObject,
  writeStoredForm,
} from '@weir/compile';
import {
  customResources,
  type JsonObject,
  type KubeObject,
  objectAt,
  type ResourceDefinition,
  type StorageConversion,
  schemaWords,
  textAt,
} from '@weir/kube';
import { defined } from '@weir/net';
import { type CalicoKind, calicoGroup, calicoKinds } from './calico-definitions.ts';
import { formTraits } from './form-traits.ts';
import { profileForm } from './profile-form.ts';
import { inTiers, policyTierErrors, reasonToKeepTier } from './tier-rules.ts';

const { fields, text } = schemaWords;

/** Kinds of the stored group that are Calico's own business: no API shows them. */
const hidden: ReadonlySet<string> = new Set(['ipamblocks', 'ipamhandles', 'ipamconfigs']);

/** The `groupPriorityMinimum` with which Calico registers its API server: before what definitions serve. */
const groupPriority = 1_500;

/** The v3 form of a definition of Calico's; none for any other. Profiles, which have no definition, are there with policies. */
export const calicoForms: OtherForms = (definition) => {
  const spec = objectAt(definition, 'spec');
  const plural = textAt(objectAt(spec, 'names'), 'plural');
  const kind = calicoKinds.find((each) => each.group === calicoGroup && each.plural === plural);
  if (kind === undefined || textAt(spec, 'group') !== calicoGroup || hidden.has(plural)) return [];
  return plural === 'globalnetworkpolicies' ? [formOf(kind), profileForm()] : [formOf(kind)];
};

function formOf(kind: CalicoKind): ResourceDefinition {
  const base = defined(customResources(definitionOf(kind))[0], 'a served version has an entry');
  const policy = isCalicoKind(kind.kind) ? policyRules(base, kind.kind) : {};
  return {
    ...base,
    custom: { ...defined(base.custom, 'a definition makes custom kinds'), groupPriority },
    storageKey: `${kind.plural}.${kind.group}`,
    conversion: conversionOf(kind, defined(base.conversion, 'custom kinds are converted')),
    defaults: (object) => defaultCalicoObject(base.defaults(object)),
    ...policy,
  };
}

/** What a definition of the form would say, if it were one. */
function definitionOf({ plural, kind, isNamespaced, spec, status }: CalicoKind): JsonObject {
  const { schema: formSpec = spec, shortNames = [], columns, selectableFields = [] } = formTraits(plural);
  const names = { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List`, shortNames };
  const schema = fields({
    apiVersion: text,
    kind: text,
    metadata: { type: 'object' },
    spec: formSpec,
    ...(status === undefined ? {} : { status }),
  });
  const version = {
    name: 'v3',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: schema },
    ...(status === undefined ? {} : { subresources: { status: {} } }),
    ...(columns === undefined ? {} : { additionalPrinterColumns: columns }),
    selectableFields: selectableFields.map((jsonPath) => ({ jsonPath })),
  };
  return {
    spec: { group: 'projectcalico.org', scope: isNamespaced === true ? 'Namespaced' : 'Cluster', names, versions: [version] },
    status: { acceptedNames: names },
  };
}

function conversionOf({ kind }: CalicoKind, schema: StorageConversion): StorageConversion {
  return {
    toStored: (object) => writeStoredForm(object as JsonObject & KubeObject),
    fromStored: (stored) => {
      const read = readStoredForm(stored as JsonObject & KubeObject);
      // Metadata that cannot be read is shown as it is stored; the compiler refuses the object and says why.
      return schema.fromStored('problem' in read ? stored : withoutEmptyMaps(read.object));
    },
    storedNames: (name) => (isTieredCalicoKind(kind) ? [name, `default.${name}`] : [name]),
  };
}

function withoutEmptyMaps(object: JsonObject & KubeObject): JsonObject {
  const entries = Object.entries(object.metadata);
  const isEmptyMap = (key: string, value: unknown): boolean =>
    (key === 'labels' || key === 'annotations') && Object.keys(value as object).length === 0;
  return { ...object, metadata: Object.fromEntries(entries.filter(([key, value]) => !isEmptyMap(key, value))) };
}

/** What a schema cannot say: Calico's own validation, and the tiers that policies are in. */
function policyRules(base: ResourceDefinition, kind: CompiledKind): Partial<ResourceDefinition> {
  const own = (object: JsonObject): ReturnType<typeof validateCalicoObject> => validateCalicoObject(object as JsonObject & KubeObject);
  return {
    validate: (object) => {
      const errors = base.validate(object);
      return errors.length > 0 ? errors : own(object);
    },
    validateUpdate: (object, old) => {
      const errors = base.validateUpdate(object, old);
      return errors.length > 0 ? errors : own(object);
    },
    ...(isTieredCalicoKind(kind) ? { validateAmong: policyTierErrors, enclosed: inTiers } : {}),
    ...(kind === 'Tier' ? { reasonToStay: reasonToKeepTier } : {}),
  };
}
