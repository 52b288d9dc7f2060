/** Which data plane enforces an engine's behaviour on an operating system, unless another one is asked for. */
import { type DataplaneName, type EngineName, engineProfiles, type OperatingSystem } from './profile.ts';

/** The data planes that this version has. */
const builtDataplanes: readonly BuiltDataplane[] = ['nftables', 'iptables', 'hns'];

/** A data plane that this version has. */
export type BuiltDataplane = Extract<DataplaneName, 'nftables' | 'iptables' | 'hns'>;

/** What is asked for. */
export interface DataplaneWish {
  readonly engine: EngineName;
  /** The system of the node. */
  readonly system: OperatingSystem;
  /** Undefined: what the engine has. */
  readonly dataplane?: DataplaneName | undefined;
}

/** The data plane, or a sentence that says why there is none and what to do. */
export type DataplaneChoice = { readonly name: BuiltDataplane } | { readonly problem: string };

/** Chooses. */
export function chooseDataplane({ engine, system, dataplane }: DataplaneWish): DataplaneChoice {
  const name = dataplane ?? engineProfiles[engine].dataplanes[system];
  if (name === undefined) return { problem: `the engine ${engine} runs on Linux only` };
  if (systemOf(name) === 'windows' && engineProfiles[engine].dataplanes.windows === undefined) {
    return { problem: `the engine ${engine} runs on Linux only, and the data plane ${name} is that of Windows` };
  }
  if (!isBuilt(name)) {
    return { problem: `this version has no data plane '${name}' yet: use --dataplane nftables, which behaves like ${engine} all the same` };
  }
  return { name };
}

/** The operating system of the nodes that a data plane is for. */
export function systemOf(dataplane: DataplaneName): OperatingSystem {
  return dataplane === 'hns' ? 'windows' : 'linux';
}

function isBuilt(name: DataplaneName): name is BuiltDataplane {
  return builtDataplanes.some((built) => built === name);
}
