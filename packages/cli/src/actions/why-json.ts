/** The JSON of `weir why`: a verdict, several for a service, and with `--both` those of every engine. */
import type { EngineName, VerdictJson } from '@weir/model';

/** One flow, or the flows to every backend of a service. */
export type WhyJson = VerdictJson | readonly VerdictJson[];

/** With `--both`. */
export interface WhyProfilesJson {
  /** Whether every engine gives the same verdict. */
  readonly agree: boolean;
  readonly profiles: Readonly<Record<EngineName, WhyJson>>;
}
