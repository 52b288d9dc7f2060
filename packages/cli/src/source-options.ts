/** The options of every command that asks a cluster or manifests: which, and as which engine. */
import { type EngineName, engineProfiles } from '@weir/model';
import { type AddressRange, parseCidr, rangesOfBlocks } from '@weir/net';
import type { LoadSnapshotOptions } from '@weir/snapshot';
import type { OptionDefinition, OptionValues } from './command.ts';
import { usageError } from './exit-code.ts';

/** The options that choose the source. */
export const sourceOptions: Readonly<Record<string, OptionDefinition>> = {
  manifests: {
    type: 'string',
    multiple: true,
    placeholder: 'PATH',
    summary: 'files or folders of manifests instead of a cluster; - is standard input',
  },
  strict: { type: 'boolean', summary: 'exit code 2 when a manifest is broken or refused, instead of going on without it' },
  'default-namespace': {
    type: 'string',
    placeholder: 'NAMESPACE',
    summary: 'the namespace of manifests that name none, as kubectl apply -n; default default',
  },
  kubeconfig: { type: 'string', placeholder: 'FILE', summary: 'kubeconfig of the cluster' },
  context: { type: 'string', placeholder: 'NAME', summary: 'context of the kubeconfig' },
  name: { type: 'string', placeholder: 'CLUSTER', summary: 'a cluster of the lab' },
};

/** The option that says what agents do on Windows. */
export const windowsExpandOption: OptionDefinition = {
  type: 'boolean',
  summary: "agents on Windows enforce negative selectors and except by other means; default what the lab's cluster does",
};

/** The options that say how policies are read. */
export const readingOptions: Readonly<Record<string, OptionDefinition>> = {
  profile: {
    type: 'string',
    values: ['kubernetes', 'azure', 'calico', 'cilium'],
    summary: "judge like this engine; default that of the lab's cluster, else kubernetes",
  },
  'windows-expand-unsupported': windowsExpandOption,
  'pod-range': {
    type: 'string',
    multiple: true,
    placeholder: 'CIDR',
    summary: 'where pods have their addresses, for manifests without any; default what nodes say',
  },
  'service-range': {
    type: 'string',
    multiple: true,
    placeholder: 'CIDR',
    summary: 'where services have their addresses; default what ServiceCIDRs say',
  },
};

/** How a cluster is known to read policies. */
export interface KnownReading {
  readonly engine?: EngineName;
  readonly expandsUnsupported?: boolean;
  readonly serviceRanges?: readonly AddressRange[];
}

/** How to judge: as the options say, or as the cluster reads its policies itself. */
export function chosenReading(
  options: OptionValues,
  { engine = 'kubernetes', expandsUnsupported = false, serviceRanges: known }: KnownReading,
): LoadSnapshotOptions {
  const podRanges = rangesIn(options, 'pod-range');
  const serviceRanges = rangesIn(options, 'service-range') ?? known;
  return {
    profile: engineProfiles[(options.text('profile') ?? engine) as EngineName],
    expandsUnsupported: expandsUnsupported || options.flag('windows-expand-unsupported'),
    ...(podRanges === undefined ? {} : { podRanges }),
    ...(serviceRanges === undefined ? {} : { serviceRanges }),
  };
}

/** The blocks that the option names; undefined where it is not given. */
function rangesIn(options: OptionValues, option: string): readonly AddressRange[] | undefined {
  const texts = options.list(option);
  const bad = texts.find((text) => parseCidr(text) === undefined);
  if (bad !== undefined) throw usageError(`--${option} ${bad}: write a block of addresses such as 10.244.0.0/16`);
  return texts.length === 0 ? undefined : rangesOfBlocks(texts);
}
