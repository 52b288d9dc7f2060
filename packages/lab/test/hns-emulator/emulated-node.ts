/** The emulator as the door of a back end, in the same process. */
import { type HnsDoor, HnsError } from '@weir/kernel';
import { HnsEmulator } from '../../src/hns-emulator/hns-emulator.ts';
import { HnsRejection } from '../../src/hns-emulator/hns-rules.ts';

/** A pod's link. */
export interface EmulatedPod {
  readonly addresses: readonly string[];
  readonly interface: string;
}

/** HNS in the current namespace with an endpoint per pod; closing the door takes it out of the kernel. */
export function emulatedHns(pods: readonly EmulatedPod[]): { readonly hns: HnsEmulator; readonly door: HnsDoor } {
  const hns = new HnsEmulator();
  for (const pod of pods) void hns.createEndpoint(pod);
  return { hns, door: doorOf(hns) };
}

/** What a back end sees of the emulator: documents as JSON, rejections as errors of HNS. */
export function doorOf(hns: HnsEmulator): HnsDoor {
  const call = async <T>(work: () => unknown): Promise<T> => {
    try {
      const answer = work();
      return (answer === undefined ? undefined : JSON.parse(JSON.stringify(answer))) as T;
    } catch (error) {
      if (error instanceof HnsRejection) throw new HnsError(error.message, error.code);
      throw error;
    }
  };
  return {
    networks: () => call(() => hns.networks()),
    endpoints: () => call(() => hns.endpoints()),
    endpoint: (id) => call(() => hns.endpoint(id)),
    modifyNetwork: (id, request) => call(() => hns.modifyNetwork(id, request)),
    modifyEndpoint: (id, request) => call(() => hns.modifyEndpoint(id, request)),
    close: () => {
      hns.remove();
      hns.close();
    },
  };
}
