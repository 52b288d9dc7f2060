/** What the back ends that work in the kernel of a Linux node need to know about it. */
import type { EstablishedMode } from './dataplane.ts';

/** Options that all of them have. */
export interface DataplaneOptions {
  /**
   * Beginnings of the names of interfaces that lead to pods and nowhere else, such as `weir`.
   * Packets from and to such an interface are dropped unless their address was acknowledged.
   */
  readonly podInterfaces: readonly string[];
  /** What becomes of connections that a new state denies. Default `keep`. */
  readonly established?: EstablishedMode;
  /** Whether pods reach their own node whatever policies say. Default `by-policy`. */
  readonly podToOwnNode?: 'by-policy' | 'always';
  /** How many new connections of each kind (allowed, denied on the way out or in) are told a second; undefined: none. */
  readonly flowRate?: number | undefined;
  /** Told when a change failed and the whole state was put in place instead; nothing leaked. */
  readonly onReplace?: (reason: Error) => void;
}
