/**
 * Properties of a cluster that decide nothing in the lab by themselves, and are judged all the same: what AKS would
 * refuse is refused. Rules are those of AKS's documentation; the texts are Weir's own, in the shape of those known.
 */
import { type JsonObject, objectAt, objectsAt, stringsAt, textAt } from '@weir/kube';
import { parseAddress, parseCidr } from '@weir/net';
import { type ArmError, providerError } from '../arm/arm-error.ts';

interface FieldRule {
  readonly target: string;
  readonly value: string;
  readonly isGood: (value: string) => boolean;
  readonly rule: string;
  /** Whether the value is left out of the refusal: what is no public key may be the private one. */
  readonly isHidden?: boolean;
}

const authorizedRangesMax = 200;

/** Why the body of a PUT is refused; undefined when it is not. What is left out is not judged. */
export function clusterFieldsProblem(body: JsonObject): ArmError | undefined {
  const rule = rulesOf(body, objectAt(body, 'properties') ?? {}).find(({ value, isGood }) => value !== '' && !isGood(value));
  if (rule === undefined) return undefined;
  const shown = rule.isHidden === true ? '' : `: '${rule.value.slice(0, 120)}'`;
  const message = `The value of parameter ${rule.target} is invalid${shown}. ${rule.rule}`;
  return providerError(400, 'InvalidParameter', message, { target: rule.target });
}

function rulesOf(body: JsonObject, properties: JsonObject): readonly FieldRule[] {
  const sku = objectAt(body, 'sku');
  const upgrades = objectAt(properties, 'autoUpgradeProfile');
  const linux = objectAt(properties, 'linuxProfile');
  const ranges = stringsAt(objectAt(properties, 'apiServerAccessProfile'), 'authorizedIPRanges');
  return [
    matches('dnsPrefix', textAt(properties, 'dnsPrefix'), {
      form: /^[a-z0-9]([-a-z0-9]{0,52}[a-z0-9])?$/i,
      rule: 'It has 1 to 54 letters, digits and hyphens, and begins and ends with a letter or a digit.',
    }),
    matches('nodeResourceGroup', textAt(properties, 'nodeResourceGroup'), {
      form: /^[-\w().]{0,79}[-\w()]$/,
      rule: "It has at most 80 letters, digits, '-', '_', '(', ')' and '.', and does not end with '.'.",
    }),
    oneOf('sku.name', textAt(sku, 'name'), ['Base', 'Basic', 'Automatic']),
    oneOf('sku.tier', textAt(sku, 'tier'), ['Free', 'Paid', 'Standard', 'Premium']),
    oneOf('autoUpgradeProfile.upgradeChannel', textAt(upgrades, 'upgradeChannel'), ['rapid', 'stable', 'patch', 'node-image', 'none']),
    oneOf('autoUpgradeProfile.nodeOSUpgradeChannel', textAt(upgrades, 'nodeOSUpgradeChannel'), [
      'None',
      'Unmanaged',
      'NodeImage',
      'SecurityPatch',
    ]),
    matches('linuxProfile.adminUsername', textAt(linux, 'adminUsername'), {
      form: /^[A-Za-z][-A-Za-z0-9_]*$/,
      rule: "It begins with a letter, and has letters, digits, '-' and '_'.",
    }),
    ...objectsAt(objectAt(linux, 'ssh'), 'publicKeys').map((key) => ({
      ...matches('linuxProfile.ssh.publicKeys.keyData', textAt(key, 'keyData'), {
        form: /^(ssh-(rsa|ed25519)|ecdsa-sha2-\S+) [A-Za-z0-9+/]+=*(\s|$)/,
        rule: 'It is a public key as OpenSSH writes it.',
      }),
      isHidden: true,
    })),
    ...ranges.map((value) => ({
      target: 'apiServerAccessProfile.authorizedIPRanges',
      value,
      isGood: (text: string) => parseAddress(text)?.family === 4 || parseCidr(text)?.network.family === 4,
      rule: 'It is an IPv4 address or a CIDR.',
    })),
    {
      target: 'apiServerAccessProfile.authorizedIPRanges',
      value: String(ranges.length),
      isGood: (count: string) => Number(count) <= authorizedRangesMax,
      rule: `There may be ${authorizedRangesMax} ranges.`,
    },
  ];
}

function matches(target: string, value: string, { form, rule }: { readonly form: RegExp; readonly rule: string }): FieldRule {
  return { target, value, isGood: (text) => form.test(text), rule };
}

function oneOf(target: string, value: string, choices: readonly string[]): FieldRule {
  return { target, value, isGood: (text) => choices.includes(text), rule: `Allowed values: ${choices.join(', ')}.` };
}
