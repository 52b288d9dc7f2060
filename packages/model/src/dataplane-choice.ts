/** Which data plane enforces an engine's behaviour on an operating system, unless another one is asked for. */
import { type DataplaneName, type EngineName, engineProfiles, type OperatingSystem } from './profile.ts';

/** What is asked for. */
export interface DataplaneWish {
  readonly engine: EngineName;
  /** The system of the node. */
  readonly system: OperatingSystem;
  /** Undefined: what the engine has. */
  readonly dataplane?: DataplaneName | undefined;
}

/** The data plane, or a sentence that says why there is none and what to do. */
export type DataplaneChoice = { readonly name: DataplaneName } | { readonly problem: string };

/** Chooses. */
export function chooseDataplane({ engine, system, dataplane }: DataplaneWish): DataplaneChoice {
  const name = dataplane ?? engineProfiles[engine].dataplanes[system];
  if (name === undefined) return { problem: `the engine ${engine} runs on Linux only` };
  if (systemOf(name) === 'windows' && engineProfiles[engine].dataplanes.windows === undefined) {
    return { problem: `the engine ${engine} runs on Linux only, and the data plane ${name} is that of Windows` };
  }
  // The other way round is an emulated HNS, which a node of Linux can have.
  if (system === 'windows' && systemOf(name) === 'linux') {
    return { problem: `the data plane ${name} is one of Linux, and this node runs Windows: leave out --dataplane` };
  }
  return { name };
}

/** The operating system of the nodes that a data plane is for. */
export function systemOf(dataplane: DataplaneName): OperatingSystem {
  return dataplane === 'hns' ? 'windows' : 'linux';
}
