/** What a command of calicoctl is, and what it runs with. */
import type { Readable, Writable } from 'node:stream';
import type { ClusterConnection } from '@weir/client';
import type { ReadWords, WordOption } from '../command-line/read-words.ts';
import type { CalicoStore } from '../store/calico-store.ts';

/** The three streams. */
export interface CalicoctlStreams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** Where the cluster is, as far as command line and environment say it. */
interface ConnectionChoice {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

/** How the cluster is found that is meant. Rejects with what is to be said when there is none. */
export type FindConnection = (choice: ConnectionChoice) => Promise<ClusterConnection>;

/** What a command runs with. */
export interface CommandContext {
  readonly words: ReadWords;
  readonly streams: CalicoctlStreams;
  readonly version: string;
  /** Connects at the first use. */
  store(): Promise<CalicoStore>;
}

/** One command; its name may be several words. Runs to its end, or throws a CalicoctlError. */
export interface CalicoctlCommand {
  readonly name: string;
  readonly summary: string;
  /** What follows the name. */
  readonly usage: string;
  readonly options: readonly WordOption[];
  /** Whatever stands behind its name is not looked at. */
  readonly takesAnything?: true;
  run(context: CommandContext): Promise<void>;
}

/** Options of every command that asks a cluster. */
export const connectionOptions: readonly WordOption[] = [
  { name: 'config', short: 'c', placeholder: 'CONFIG', summary: 'file with the connection; spec.kubeconfig of it is read' },
  { name: 'context', placeholder: 'CONTEXT', summary: 'context of the kubeconfig' },
  { name: 'allow-version-mismatch', summary: 'accepted: any version of the cluster is spoken to' },
];

/** The namespace of resources. */
export const namespaceOption: WordOption = { name: 'namespace', short: 'n', placeholder: 'NS', summary: 'namespace; default: default' };

/** Options of commands that read files. */
export const fileOptions: readonly WordOption[] = [
  { name: 'filename', short: 'f', placeholder: 'FILENAME', summary: 'file or folder of resources; - is standard input' },
  { name: 'recursive', short: 'R', summary: 'folders below the folder too' },
  { name: 'skip-empty', summary: 'files that hold nothing are no error' },
];
