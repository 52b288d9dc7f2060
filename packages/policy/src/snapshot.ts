/** Objects made ready to be asked, read as one of the engines reads them. */
import type { KubeObject } from '@weir/kube';
import { type EngineName, engineProfiles } from '@weir/model';
import { type AddressRange, cidrRange, parseCidr, unionOfAddressRanges } from '@weir/net';
import { type LoadSnapshotOptions, loadSnapshot as load, type PlacedObject, type Snapshot } from '@weir/snapshot';

/** As which engine, and what is known of the cluster besides its objects. */
export interface ReadingOptions {
  /** `kubernetes` (the default: what the API says), `azure`, `calico` or `cilium`. */
  readonly engine?: EngineName;
  /** Blocks of addresses that pods have theirs from, such as `10.244.0.0/16`. Default: what nodes say. */
  readonly podRanges?: readonly string[];
  /** Blocks of addresses that services have theirs from. Default: what ServiceCIDRs say. */
  readonly serviceRanges?: readonly string[];
}

/**
 * Makes a snapshot of objects, as {@link readManifests} gives them or as an API server does. Its
 * `diagnostics` name refused policies. Throws a RangeError for a block of addresses that is none.
 */
export function loadSnapshot(objects: readonly (KubeObject | PlacedObject)[], options: ReadingOptions = {}): Snapshot {
  return load(objects, readingOf(options));
}

/** The options as the analyses take them. */
export function readingOf({ engine = 'kubernetes', podRanges, serviceRanges }: ReadingOptions): LoadSnapshotOptions {
  return {
    profile: engineProfiles[engine],
    ...(podRanges === undefined ? {} : { podRanges: rangesOf(podRanges) }),
    ...(serviceRanges === undefined ? {} : { serviceRanges: rangesOf(serviceRanges) }),
  };
}

function rangesOf(texts: readonly string[]): readonly AddressRange[] {
  return unionOfAddressRanges(
    texts.map((text) => {
      const cidr = parseCidr(text);
      if (cidr === undefined) throw new RangeError(`'${text}' is no block of addresses: write one such as 10.244.0.0/16`);
      return cidrRange(cidr);
    }),
  );
}
