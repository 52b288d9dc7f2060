/**
 * What one setting is: how its value is written, what it is when nobody says, what it is for.
 *
 * The same text form serves flags, environment and file, so that a value means the same everywhere.
 */

/** A value, or one sentence about what is wrong with the text, to be read after the name of the place. */
export type Reading<T> = { readonly value: T } | { readonly problem: string };

/** How the values of a setting are written. */
export interface SettingKind<T> {
  /** What stands for the value in the help, for example `PATH`. */
  readonly placeholder: string;
  /** The values that are taken, where they are few. */
  readonly choices?: readonly string[];
  /** Whether a file may give a list; in a text its items are separated by commas. */
  readonly isList?: boolean;
  read(text: string): Reading<T>;
  /** The text that {@link read} takes for this value. */
  write(value: T): string;
}

interface SettingText<T> {
  readonly kind: SettingKind<T>;
  /** What it is for, in a few words. */
  readonly summary: string;
}

/** A setting that has a value in every agent. */
type FirmSetting<T> = SettingText<T> & ({ readonly default: T } | { readonly isRequired: true });

/** A setting of an interface of values: one that may be undefined needs no default. */
export type SettingOf<T> = undefined extends T ? SettingText<Exclude<T, undefined>> : FirmSetting<T>;

/** A setting whose type of values is not looked at. */
export interface AnySetting extends SettingText<unknown> {
  readonly default?: unknown;
  readonly isRequired?: true;
}

/** `resyncSeconds` → `resync-seconds`, the flag without its dashes. */
export function flagName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** What the names of all variables of the agent begin with. */
export const environmentPrefix = 'WEIR_AGENT_';

/** `resyncSeconds` → `WEIR_AGENT_RESYNC_SECONDS`. */
export function environmentName(key: string): string {
  return environmentPrefix + flagName(key).replaceAll('-', '_').toUpperCase();
}
