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

/** The door to an HNS of which the endpoints are those of the pods that are there when it is asked. */
export function followingHns(podsNow: () => readonly EmulatedPod[]): HnsDoor {
  const { hns, door } = emulatedHns(podsNow());
  let made = new Set(podsNow().map(podText));
  const follow = async (): Promise<void> => {
    const pods = podsNow();
    const now = new Set(pods.map(podText));
    const links = new Set(pods.map((pod) => pod.interface));
    for (const text of made) {
      const { interface: link } = JSON.parse(text) as EmulatedPod;
      const id = now.has(text) ? undefined : hns.endpointOf(link);
      if (id !== undefined && !links.has(link)) await hns.deleteEndpoint(id);
    }
    for (const pod of pods) if (!made.has(podText(pod))) await hns.createEndpoint(pod);
    made = now;
  };
  return {
    ...door,
    endpoints: async () => {
      await follow();
      return door.endpoints();
    },
  };
}

function podText({ addresses, interface: link }: EmulatedPod): string {
  return JSON.stringify({ addresses, interface: link });
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
