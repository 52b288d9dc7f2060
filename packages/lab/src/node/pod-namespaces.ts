/**
 * The namespaces that the containers of a pod share besides its network: host name and System V IPC,
 * and processes where the pod asks for it. An idle sandbox keeps them; it is made when the first
 * container needs a sandbox, and only for a pod that has something to share.
 */
import type { Pod } from '@weir/kube';
import type { EtcFiles } from '../sandbox/root-directory.ts';
import type { SharedNamespace } from '../sandbox/runc-config.ts';
import { Sandbox, type SandboxHome } from '../sandbox/sandbox.ts';

/** Sleeps; a shell, because the first of all processes also has to wait for those whose parents have gone. */
const keeper = ['/bin/sh', '-c', 'while :; do sleep 86400 & wait $!; done'];

/** Where the namespaces are made. */
export interface PodNamespacesOptions {
  readonly home: SandboxHome;
  /** Id of the sandbox that keeps them; unique on the machine. */
  readonly sandboxId: string;
}

/** The shared namespaces of one pod. */
export class PodNamespaces {
  readonly #options: PodNamespacesOptions;
  readonly #isShared: boolean;
  readonly #sharesProcesses: boolean;
  #sandbox: Sandbox | undefined;
  #namespaces: Promise<readonly SharedNamespace[]> | undefined;

  constructor(options: PodNamespacesOptions, { spec }: Pod) {
    this.#options = options;
    this.#sharesProcesses = spec?.shareProcessNamespace === true;
    this.#isShared = this.#sharesProcesses || (spec?.containers.length ?? 0) + (spec?.initContainers?.length ?? 0) > 1;
  }

  /** The namespaces to join; none for a container that is alone in its pod. */
  join(netns: string, etc: EtcFiles): Promise<readonly SharedNamespace[]> {
    if (!this.#isShared) return Promise.resolve([]);
    this.#namespaces ??= this.#open(netns, etc);
    return this.#namespaces;
  }

  /** Ends them; no container may be in them any more. */
  async remove(): Promise<void> {
    await this.#namespaces?.catch(() => undefined);
    this.#namespaces = undefined;
    await this.#sandbox?.remove();
    this.#sandbox = undefined;
  }

  async #open(netns: string, etc: EtcFiles): Promise<readonly SharedNamespace[]> {
    const { home, sandboxId } = this.#options;
    this.#sandbox = new Sandbox({ home, id: sandboxId, netns, etc });
    try {
      const pid = await this.#sandbox.idle(keeper);
      const types = this.#sharesProcesses ? (['uts', 'ipc', 'pid'] as const) : (['uts', 'ipc'] as const);
      return types.map((type) => ({ type, path: `/proc/${pid}/ns/${type}` }));
    } catch (error) {
      this.#namespaces = undefined;
      throw error;
    }
  }
}
