/** What people assert about connections, as it is read from a file: still in names, selectors and blocks. */
import type { LabelSelector, StringMap, TextPosition } from '@weir/kube';
import type { EngineName, Outcome } from '@weir/model';
import type { AddressRange, Family } from '@weir/net';
import type { PortPattern } from './port-pattern.ts';

/** Pods by what they are; all that is given must hold. */
export interface PodPattern {
  readonly namespaces?: readonly string[];
  readonly namespaceSelector?: LabelSelector;
  readonly labels?: StringMap;
  readonly podSelector?: LabelSelector;
  readonly serviceAccount?: string;
}

/** Who is meant: a name or an address in the words of the file, or pods by what they are. */
export interface EndPattern {
  /** In the words of the file, for what is said about it. */
  readonly text: string;
  /** The field that it stands in, for its position. */
  readonly path: string;
  /** Absent: `text` says it. */
  readonly pods?: PodPattern;
}

/** One of those who alone may; with ports where they may only on these. */
export interface PeerPattern {
  readonly end: EndPattern;
  readonly ports: readonly PortPattern[];
}

/** The wished verdict, by the engine that judges. */
export type Expectation = Readonly<Partial<Record<EngineName, Outcome>>>;

/** What is asserted. */
export type Claim =
  /** Each of the one may, or may not, talk to each of the other. */
  | { readonly kind: 'flow'; readonly from: readonly EndPattern[]; readonly to: readonly EndPattern[]; readonly expect: Expectation }
  /** The peers may talk to (`ingress`), or hear from (`egress`), each of the ends; nobody else may. */
  | {
      readonly kind: 'only';
      readonly direction: 'ingress' | 'egress';
      readonly ends: readonly EndPattern[];
      readonly peers: readonly PeerPattern[];
    };

/** One assertion. */
export interface Assertion {
  readonly name: string;
  /** Why it matters, to be said when it fails. */
  readonly because?: string;
  readonly claim: Claim;
  /** Empty: all traffic. */
  readonly ports: readonly PortPattern[];
  /** The policy that must be what decides: `namespace/name`, with its kind before it where that is needed. */
  readonly decidedBy?: string;
  /** The engines that it is about; absent: those of the file. */
  readonly profiles?: readonly EngineName[];
  /** Absent: both, as far as both ends have addresses. */
  readonly family?: Family;
  readonly position: TextPosition;
  positionOf(path: string): TextPosition;
}

/** A file of assertions. */
export interface AssertionFile {
  readonly file: string;
  /** Paths as the file has them, relative to it. */
  readonly manifests: readonly string[];
  /** Absent: what the caller says, else `kubernetes`. */
  readonly profiles?: readonly EngineName[];
  /** Where pods have their addresses; absent: as the caller says. */
  readonly podRanges?: readonly AddressRange[];
  /** Ends by names that the assertions may use. */
  readonly ends: ReadonlyMap<string, readonly EndPattern[]>;
  readonly assertions: readonly Assertion[];
}
